"""Importing Spyne, in a Python that has imported nothing yet."""

import subprocess
import sys


def test_spyne_is_imported_without_a_warning_and_kept_quiet():
    program = (
        "import warnings; warnings.simplefilter('error');"
        "warnings.filterwarnings('ignore', message=\"'cgi' is deprecated\");"
        "warnings.filterwarnings('ignore', message='invalid escape sequence');"
        "warnings.filterwarnings('ignore', message='.*is an invalid escape sequence');"
        "import service.soap.endpoint, logging;"
        "logging.basicConfig(level=1);"
        "logging.getLogger('spyne.protocol.soap.soap11.invalid').critical('a token')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
