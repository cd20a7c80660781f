"""OpenVINO's graph of a network, rewritten so that the same paintings take less time: cut in parts, and enlarged in another way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

_VIEWS = {"Reshape", "Slice", "Split", "Squeeze", "StridedSlice", "Transpose", "Unsqueeze", "VariadicSplit"}  # cost next to nothing
_WORK = {"AvgPool", "Convolution", "GroupConvolution", "Interpolate", "MatMul", "MaxPool"}  # what is worth remembering
_NEARER = (0.625, 0.875, 0.875, 0.625)  # share of the cell that a pixel lies in, for the four pixels of a cell, along one axis


def parted(model: Any) -> list[Any]:
    """What depends on the photo alone, where there is such a thing; what is decided under the code; and what makes pixels of that.

    Each part takes what those before it give, beside the photo and the code. What is no work, as the light of a pixel is not, is done
    again where it is needed: so the first parts have no use for planes that only pixels are made of, and need not run again for others.
    """
    *early, rest = _cut(model, _of_photo(model), "early")
    return [*early, *_cut(rest, _before_pixels(rest), "middle")]


def _of_photo(model: Any) -> set[str]:
    """What depends on the photo alone and took work."""
    photo, code, worked = {"photo"}, {"code"}, set[str]()
    for node, sources in _in_order(model):
        if sources & code:
            code.add(node.friendly_name)
        elif sources & photo:
            photo.add(node.friendly_name)
            if node.get_type_name() in _WORK or sources & worked:
                worked.add(node.friendly_name)
    return worked


def _before_pixels(model: Any) -> set[str]:
    """What took work, for the sake of more work, the last of it included, and views of that."""
    worked, wanted = set[str](), set[str]()
    nodes = list(_in_order(model))
    for node, sources in nodes:
        if node.get_type_name() in _WORK or sources & worked:
            worked.add(node.friendly_name)
    for node, sources in reversed(nodes):
        if node.get_type_name() in _WORK or node.friendly_name in wanted:
            wanted |= {node.friendly_name, *sources}
    for node, sources in nodes:
        if node.get_type_name() in _VIEWS and sources & worked & wanted:
            wanted.add(node.friendly_name)
    return worked & wanted


def _in_order(model: Any) -> Iterator[tuple[Any, set[str]]]:
    """Nodes, and the names of those that each takes from; not what only reckons with sizes."""
    for node in model.get_ordered_ops():
        if node.get_type_name() != "ShapeOf":
            yield node, {value.get_node().friendly_name for value in node.input_values()}


def _cut(model: Any, first: set[str], name: str) -> list[Any]:
    """The nodes `first`, where others take from them, and those others."""
    from openvino import Model
    from openvino import opset13 as ops

    seams = {
        f"{value.get_node().friendly_name}:{value.index}": value
        for node, _ in _in_order(model)
        if node.friendly_name not in first
        for value in node.input_values()
        if value.get_node().friendly_name in first
    }
    if not seams:
        return [model]
    twins = {node.friendly_name: node for node in model.clone().get_ordered_ops()}
    outputs, taken = [], []
    for seam_name, seam in seams.items():
        outputs.append(twins[seam.get_node().friendly_name].output(seam.index))
        outputs[-1].set_names({seam_name})
        taken.append(ops.parameter(seam.partial_shape, seam.element_type))
        taken[-1].output(0).set_names({seam_name})
        seam.replace(taken[-1].output(0))
    inputs = model.get_parameters()
    needed = [twin for twin in (twins[given.friendly_name] for given in inputs) if _is_needed(twin, outputs)]
    return [Model(outputs, needed, name), Model(model.get_results(), [*inputs, *taken])]


def _is_needed(node: Any, outputs: list[Any]) -> bool:
    """Whether any of the outputs depends on the node."""
    waiting, seen = [value.get_node() for value in outputs], set[str]()
    while waiting:
        found = waiting.pop()
        if found.friendly_name == node.friendly_name:
            return True
        if found.friendly_name not in seen:
            seen.add(found.friendly_name)
            waiting += [value.get_node() for value in found.input_values()]
    return False


def enlarge_by_convolution(model: Any) -> None:
    """Enlarge planes by 4, linearly, in another way: rows by sums, columns by a convolution whose channels are neighbouring columns.

    OpenVINO's own (2026.4) lays single planes out by channels, as all that follows then is: three times slower, in AVX-512 far more.
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Interpolate" and _is_fourfold(node):
            node.output(0).replace(_enlarged(node.input_value(0)))
    model.validate_nodes_and_infer_types()


def _is_fourfold(node: Any) -> bool:
    """Whether it enlarges single planes to four times their size, linearly."""
    attributes, scales, planes = node.get_attributes(), node.input_value(1).get_node(), node.input_value(0).partial_shape
    return bool(
        attributes["mode"] == "linear_onnx"
        and attributes["shape_calculation_mode"] == "scales"
        and scales.get_type_name() == "Constant"
        and scales.get_vector().tolist() == [1, 1, 4, 4]
        and planes[0].is_static
        and planes[1] == 1
    )


def _enlarged(cells: Any) -> Any:
    """Planes×1×height×width to four times the size, what lies beyond the edges being as they are."""
    from openvino import opset13 as ops

    def part(values: Any, axis: int, start: int, stop: int = 2**31 - 1) -> Any:
        return ops.slice(values, *(np.array([number]) for number in (start, stop, 1, axis)))

    planes, width = cells.partial_shape[0].get_length(), ops.gather(ops.shape_of(cells), np.array([3]), np.array(0))
    above = ops.concat([part(cells, 2, 0, 1), part(cells, 2, 0, -1)], 2)
    below = ops.concat([part(cells, 2, 1), part(cells, 2, -1)], 2)
    rows = [
        ops.add(ops.multiply(cells, np.float32(share)), ops.multiply(other, np.float32(1 - share)))
        for share, other in zip(_NEARER, (above, above, below, below), strict=True)
    ]
    interleaved = ops.concat([ops.unsqueeze(row, np.array([3])) for row in rows], 3)
    tall = ops.reshape(interleaved, ops.concat([np.array([planes, 1, -1]), width], 0), False)
    framed = ops.concat([part(tall, 3, 0, 1), tall, part(tall, 3, -1)], 3)
    columns = cells.partial_shape[3]
    step = next(step for step in (4, 2, 1) if step == 1 or (columns.is_static and columns.get_length() % step == 0))
    kernel = np.zeros((4 * step, 1, 1, step + 2), np.float32)
    for column in range(4 * step):
        cell, quarter = divmod(column, 4)
        kernel[column, 0, 0, cell + 1] = _NEARER[quarter]
        kernel[column, 0, 0, cell + (0 if quarter < 2 else 2)] = 1 - _NEARER[quarter]
    wide = ops.convolution(framed, kernel, [1, step], [0, 0], [0, 0], [1, 1])
    wide = ops.unsqueeze(ops.transpose(wide, np.array([0, 2, 3, 1])), np.array([1]))
    return ops.reshape(wide, np.array([0, 0, 0, -1]), True).output(0)
