from pathlib import Path

import pytest

import service
from moderation import ModelError, PolicyError
from service import create_app
from service.errors import SettingsError
from service.settings import load_settings


def test_defaults_need_nothing():
    settings = load_settings(environment={})
    assert settings.database_url == "sqlite:///instance/ghirbal.sqlite3"
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)


def test_later_sources_win(tmp_path):
    file = tmp_path / "ghirbal.toml"
    file.write_text('port = 1001\nworkers = 2\nhost = "::1"\n', encoding="utf-8")
    environment = {"GHIRBAL_PORT": "1002", "GHIRBAL_WORKERS": "3", "PATH": "/bin"}
    settings = load_settings({"port": 1003, "workers": None}, file=file, environment=environment)
    assert (settings.host, settings.workers, settings.port) == ("::1", 3, 1003)


def test_environment_names_the_file(tmp_path):
    file = tmp_path / "ghirbal.toml"
    file.write_text("port = 1001\n", encoding="utf-8")
    assert load_settings(environment={"GHIRBAL_CONFIG_FILE": str(file)}).port == 1001


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"GHIRBAL_PROT": "1"}, "unknown setting GHIRBAL_PROT in the environment"),
        ({"GHIRBAL_PORT": "0"}, "GHIRBAL_PORT in the environment"),
        ({"GHIRBAL_PORT": "high"}, "GHIRBAL_PORT in the environment"),
        ({"GHIRBAL_WORKERS": "0"}, "GHIRBAL_WORKERS in the environment"),
        ({"GHIRBAL_HOST": ""}, "GHIRBAL_HOST in the environment"),
        *(
            ({f"GHIRBAL_RETENTION_{state}_DAYS": "36501"}, "equal to 36500")
            for state in ("APPROVE", "REVIEW", "REJECT")
        ),
        ({"GHIRBAL_DATABASE_URL": "mysql://x/y"}, "must start with sqlite:/// or postgresql://"),
        ({"GHIRBAL_DATABASE_URL": "ghirbal.db"}, "must start with sqlite:/// or postgresql://"),
        ({"GHIRBAL_DATABASE_URL": "sqlite://"}, "must name a file"),
        ({"GHIRBAL_DATABASE_URL": "sqlite:///:memory:"}, "must name a file"),
        ({"GHIRBAL_CONFIG_FILE": "nowhere.toml"}, "nowhere.toml cannot be read"),
    ],
)
def test_setting_that_cannot_be_used_is_named(environment, message):
    with pytest.raises(SettingsError, match=message):
        load_settings(environment=environment)


def test_password_in_a_database_address_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        load_settings(environment={"GHIRBAL_DATABASE_URL": "mysql://ghirbal:hush@host/x"})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"port = ", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"prot = 1", "unknown setting prot in "),
        (b'port = "x"', "port in "),
    ],
)
def test_settings_file_that_cannot_be_used_is_named(tmp_path, content, message):
    file = tmp_path / "ghirbal.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings(file=file, environment={})
    assert str(file) in str(caught.value)


def test_bad_policy_stops_the_start(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text('version = "1"\n[thresholds.insult]\nreview_at = 2.0\n', encoding="utf-8")
    with pytest.raises(PolicyError, match=r"review_at=2\.0"):
        create_app({"DATABASE_URL": f"sqlite:///{tmp_path}/x", "POLICY_FILE": file})


def test_missing_model_stops_the_start(tmp_path):
    with pytest.raises(ModelError):
        create_app({"DATABASE_URL": f"sqlite:///{tmp_path}/x", "MODEL_PATH": tmp_path / "none"})


def test_service_offers_create_app_and_nothing_else():
    assert service.__all__ == ["create_app"]
    assert Path(service.__file__).name == "__init__.py"
