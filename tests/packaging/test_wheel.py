"""What a user installs: the wheel, in an environment of its own, far from the checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SOURCES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "service", "schemas", "wsdl")


@pytest.fixture
def wheel(tmp_path):
    """The wheel, built from a copy: building leaves traces among the sources."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in SOURCES:
        source = REPOSITORY / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, checkout / name)
    dist = tmp_path / "dist"
    run(sys.executable, "-m", "build", "--wheel", "--outdir", dist, checkout)
    (built,) = dist.iterdir()
    return built


def run(*command, **options):
    """Run a program; answers what it printed, or shows that when it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.timeout(600)
def test_the_installed_wheel_runs_the_demo(wheel, tmp_path):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COUPON_BILLING_", "PYTHON"))
    }
    run(sys.executable, "-m", "venv", tmp_path / "venv", env=environment)
    bin_folder = tmp_path / "venv" / "bin"
    install = (bin_folder / "python", "-m", "pip", "install", "--disable-pip-version-check")
    run(*install, wheel, env=environment)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    told = run(bin_folder / "coupon-billing", "demo", "--once", cwd=elsewhere, env=environment)
    assert "ApiFault 90002" in told
    assert not list(elsewhere.iterdir())
