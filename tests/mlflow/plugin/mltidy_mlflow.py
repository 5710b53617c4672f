"""Shows mltidy's review page below /mltidy of MLflow's own server.

    deno task review --port 8484 --store sqlite:////data/mlflow.db
    MLTIDY_REVIEW=http://127.0.0.1:8484 mlflow server --app-name mltidy ...

It passes on what it is asked, and neither knows the token of the page nor keeps it.
"""

import asyncio
import os
from urllib.parse import urlsplit

from mlflow.server.fastapi_app import create_fastapi_app
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

REVIEW = urlsplit(os.environ.get("MLTIDY_REVIEW", "http://127.0.0.1:8484"))
PASSED_ON = ("authorization", "accept", "content-type", "sec-fetch-site")
# They are about one connection, of which there are two here.
BETWEEN_TWO = ("connection", "keep-alive", "transfer-encoding", "date", "server")


async def show(request: Request) -> Response:
    """Asks the review page's server, as if the browser had done so itself."""
    try:
        reader, writer = await asyncio.open_connection(REVIEW.hostname, REVIEW.port)
    except OSError:
        return PlainTextResponse(
            f"Nothing answers at {REVIEW.geturl()}: start `deno task review`, and name its "
            "address in MLTIDY_REVIEW\n",
            status_code=502,
        )
    body = await request.body()
    writer.write(request_head(request, len(body)) + body)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = [line.split(": ", 1) for line in head[1:] if line]

    async def rest():
        # Whoever closes the page ends what is read for it.
        try:
            while piece := await reader.read(65536):
                yield piece
        finally:
            writer.close()

    answer = StreamingResponse(rest(), status_code=int(head[0].split(" ")[1]))
    answer.raw_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
        if name.lower() not in BETWEEN_TWO
    ]
    return answer


def request_head(request: Request, length: int) -> bytes:
    """In HTTP 1.0 an answer ends with its connection, and is in one piece."""
    path = request.url.path.removeprefix("/mltidy")
    query = f"?{request.url.query}" if request.url.query else ""
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    headers["host"] = REVIEW.netloc
    if "origin" in request.headers:
        headers["origin"] = origin_of(request)
    if length > 0:
        headers["content-length"] = str(length)
    lines = [f"{request.method} {path}{query} HTTP/1.0"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def origin_of(request: Request) -> str:
    """A page of MLflow's own address is the review page; any other is for its server to refuse."""
    origin = request.headers["origin"]
    return REVIEW.geturl() if urlsplit(origin).netloc == request.headers["host"] else origin


async def redirect(request: Request) -> Response:
    """The page names what it loads as lying beside it."""
    return RedirectResponse("/mltidy/")


def create_app():
    """MLflow's own application, with one more page."""
    app = create_fastapi_app()
    # What comes after MLflow's own pages is never asked for.
    app.router.routes[:0] = [
        Route("/mltidy", redirect),
        Route("/mltidy/{path:path}", show, methods=["GET", "POST"]),
    ]
    return app
