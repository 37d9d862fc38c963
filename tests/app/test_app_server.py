"""The app's calls: only with the token, only from this machine, files whole or not at all."""

import asyncio

import httpx
import pytest

from nector_sim.app import server
from nector_sim.app.desk import Desk
from nector_sim.app.project import Project


@pytest.fixture
def desk(tmp_path):
    with Project(tmp_path / "project") as project:
        yield Desk(project)


class Client:
    """Calls the application in this process."""

    def __init__(self, app):
        self._app = app

    def request(self, method, path, *, headers=None, **content):
        async def call():
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
            given = {"Authorization": "Bearer secret", **(headers or {})}
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8866") as client:
                return await client.request(method, path, headers=given, **content)

        return asyncio.run(call())

    def get(self, path, **how):
        return self.request("GET", path, **how)

    def post(self, path, **how):
        return self.request("POST", path, **how)


@pytest.fixture
def client(desk):
    return Client(server.build(desk, token="secret", port=8866))


@pytest.mark.parametrize("path", ["/api/state", "/api/alive", "/api/later/ranges", "/api/file/project.json"])
def test_calls_need_the_token(client, path):
    assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.post("/api/do", json={"do": "undo"}, headers={"Authorization": ""}).status_code == 401


def test_a_name_of_another_machine_is_refused(client):
    assert client.get("/", headers={"Host": "example.com:8866"}).status_code == 403
    assert client.get("/", headers={"Host": "localhost:8866"}).status_code == 200


def test_only_the_pages_own_files_are_given(client):
    assert client.get("/app.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/..%2Fserver.py").status_code == 404
    assert client.get("/server.py").status_code == 404


def test_a_file_arrives_whole_and_for_its_owner_alone(client, desk):
    data = bytes(range(256)) * 9
    answer = client.post("/api/upload", content=data, headers={"X-Name": "..%2F..%2Fshop.csv"}).json()
    [path] = desk.project.uploads.rglob("shop.csv")
    assert answer == {"name": "shop.csv", "path": str(path)}
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_too_large_is_refused_and_deleted(client, desk, monkeypatch):
    monkeypatch.setattr(server, "MOST", 10)
    answer = client.post("/api/upload", content=b"x" * 11, headers={"X-Name": "shop.csv"})
    assert answer.status_code == 400
    assert "is larger than" in answer.json()["message"]
    assert not list(desk.project.uploads.rglob("shop.csv"))


def test_a_fault_says_its_kind_alone(client, desk, monkeypatch):
    def fail():
        raise RuntimeError("a customer's phone")

    monkeypatch.setattr(desk, "project_file", fail)
    answer = client.get("/api/file/project.json")
    assert answer.status_code == 500
    assert "RuntimeError" in answer.text
    assert "phone" not in answer.text


def test_a_port_that_is_taken_is_passed_over():
    first = server._listen(8870)
    second = server._listen(8870)
    assert second.getsockname()[1] > 8870
    for listener in (first, second):
        assert listener.getsockname()[0] == "127.0.0.1"
        listener.close()
