"""Swagger UI and ReDoc, from packaged files: nothing is fetched from elsewhere, and the pages may not try."""

from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.staticfiles import StaticFiles

from nexus_gateway.openapi.document import DOCUMENT

_FILES = "/docs/files"
# FastAPI's pages start their scripts inline, hence 'unsafe-inline'; nothing may be loaded from another host.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src blob:; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY}


def add_pages(app: FastAPI) -> None:
    """/docs and /redoc. The files are those of the package fastapi-offline."""
    icon = f"{_FILES}/favicon.png"

    async def swagger_ui() -> Response:
        page = get_swagger_ui_html(
            openapi_url=DOCUMENT,
            title=app.title,
            swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{_FILES}/swagger-ui.css",
            swagger_favicon_url=icon,
        )
        return Response(page.body, headers=_HEADERS, media_type="text/html")

    async def redoc() -> Response:
        page = get_redoc_html(
            openapi_url=DOCUMENT,
            title=app.title,
            redoc_js_url=f"{_FILES}/redoc.standalone.js",
            redoc_favicon_url=icon,
            with_google_fonts=False,
        )
        return Response(page.body, headers=_HEADERS, media_type="text/html")

    app.add_api_route("/docs", swagger_ui, methods=["GET"], include_in_schema=False)
    app.add_api_route("/redoc", redoc, methods=["GET"], include_in_schema=False)
    app.mount(_FILES, StaticFiles(packages=[("fastapi_offline", "static")]))
