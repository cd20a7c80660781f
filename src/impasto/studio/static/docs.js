// Shows /openapi.json as a page, without anything from elsewhere.

function add(parent, tag, text, className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  parent.append(element);
  return element;
}

function addFields(parent, fields) {
  if (fields.length === 0) return;
  const table = add(parent, "table", "");
  for (const { name, place, schema, description = "" } of fields) {
    const row = table.insertRow();
    add(row.insertCell(), "code", name);
    row.insertCell().textContent = place;
    add(row.insertCell(), "code", describe(schema));
    row.insertCell().textContent = description;
  }
}

function describe({ type = "", format, enum: choices, default: start, minimum, maximum }) {
  const parts = [choices ? choices.join(" | ") : format ?? type];
  if (minimum !== undefined) parts.push(`${minimum} to ${maximum}`);
  if (start !== undefined) parts.push(`default ${start}`);
  return parts.filter(Boolean).join(", ");
}

function fieldsOf(operation) {
  const asked = (operation.parameters ?? []).map((field) => ({ ...field, place: field.in }));
  const bodies = Object.entries(operation.requestBody?.content ?? {});
  const posted = bodies.flatMap(([kind, { schema }]) =>
    Object.entries(schema.properties ?? { body: schema }).map(([name, own]) => ({ name, place: kind, schema: own, description: own.description })),
  );
  return [...asked, ...posted];
}

const { paths } = await (await fetch("/openapi.json")).json();
for (const [path, operations] of Object.entries(paths)) {
  for (const [method, operation] of Object.entries(operations)) {
    const section = add(document.querySelector("main"), "section", "");
    const heading = add(section, "h2", "");
    add(heading, "span", method.toUpperCase(), "method");
    add(heading, "code", path);
    add(section, "p", operation.description ?? operation.summary);
    addFields(section, fieldsOf(operation));
  }
}
