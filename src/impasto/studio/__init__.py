"""The studio: a page and an HTTP interface on one engine. `server` has the routes, `session` one websocket, `protocol` the frames."""
