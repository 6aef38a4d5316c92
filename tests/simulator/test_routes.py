import pytest

from exporter.simulator.routes import Endpoint, Route, route_of

ADDON = "/v1/projects/shop/addons/orders-db"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/login", Route(endpoint=Endpoint.LOGIN)),
        ("/v1/teams", Route(endpoint=Endpoint.TEAMS)),
        ("/v1/projects", Route(endpoint=Endpoint.PROJECTS)),
        ("/v1/projects/shop", Route(endpoint=Endpoint.PROJECT, project="shop")),
        ("/v1/projects/shop/addons", Route(endpoint=Endpoint.ADDONS, project="shop")),
        (ADDON, Route(endpoint=Endpoint.ADDON, project="shop", addon="orders-db")),
        (f"{ADDON}/backups", Route(endpoint=Endpoint.BACKUPS, project="shop", addon="orders-db")),
        (
            f"{ADDON}/backups/b",
            Route(endpoint=Endpoint.BACKUP, project="shop", addon="orders-db", backup="b"),
        ),
        (
            f"{ADDON}/backups/b/restores",
            Route(endpoint=Endpoint.BACKUP_RESTORES, project="shop", addon="orders-db", backup="b"),
        ),
        (f"{ADDON}/backup-schedules", Route(endpoint=Endpoint.SCHEDULES, project="shop", addon="orders-db")),
        (f"{ADDON}/restores", Route(endpoint=Endpoint.RESTORES, project="shop", addon="orders-db")),
        ("/v1/teams/acme/projects", Route(endpoint=Endpoint.PROJECTS, team="acme")),
        ("/v1/teams/acme/projects/shop", Route(endpoint=Endpoint.PROJECT, team="acme", project="shop")),
        ("/v1/projects/a%2Fb%20c", Route(endpoint=Endpoint.PROJECT, project="a/b c")),
    ],
)
def test_a_path_of_northflank_names_its_endpoint(path: str, route: Route) -> None:
    assert route_of(path) == route


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v2/projects",
        "/projects",
        "/v1/projects/",
        "/v1/projects/shop/",
        "/v1/projects//addons",
        "/v1/teams/acme",
        "/v1/teams/",
        "/v1/teams//projects",
        "/v1/teams/acme/login",
        "/v1/projects/shop/services",
        f"{ADDON}/backups/b/restores/r",
    ],
)
def test_other_paths_name_nothing(path: str) -> None:
    assert route_of(path) is None
