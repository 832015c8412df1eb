"""What a Python team would pick for a webhook: FastAPI, and SQLAlchemy's async session with one commit each."""

import base64
import hmac
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from sqlalchemy import event
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_key = base64.b64decode(sys.argv[2])
_engine = create_async_engine(f"sqlite+aiosqlite:///{sys.argv[3]}")
_sessions = async_sessionmaker(_engine)


@event.listens_for(_engine.sync_engine, "connect")
def _settle(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=10000")


class Table(DeclarativeBase):
    """The tables."""


class Delivery(Table):
    """A delivery that was kept."""

    __tablename__ = "deliveries"

    number: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    meeting: Mapped[str]
    body: Mapped[bytes]


class Data(BaseModel):
    """What a delivery is about."""

    meeting: str
    occurrence: str
    participant: str | None = None


class Message(BaseModel):
    """The body of a delivery."""

    type: str
    timestamp: str
    data: Data


@asynccontextmanager
async def _tables(_app: FastAPI) -> AsyncIterator[None]:
    async with _engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
    yield


app = FastAPI(lifespan=_tables)


@app.post("/webhook")
async def take(request: Request) -> Response:
    body = await request.body()
    key = request.headers["webhook-id"]
    signed = f"{key}.{request.headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(_key, signed, "sha256")).decode()
    if not hmac.compare_digest(wanted, request.headers["webhook-signature"]):
        return Response(status_code=401)
    message = Message.model_validate_json(body)
    async with _sessions() as session:
        session.add(Delivery(key=key, meeting=message.data.meeting, body=body))
        await session.commit()
    return Response(status_code=202)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
