"""What the tests of this folder share: where things are, how a check is told and counted, a folder of one's own,
npm's packages, a certificate. Not a test by itself.
"""
import atexit
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

root = pathlib.Path(__file__).resolve().parents[2]
peers = root / "tests/peers"
program = os.environ.get("WSG", str(root / "wsgauntlet"))
PYTHON = "/usr/bin/python3"  # it has Debian's packages
PATIENCE_S = 600  # a net under what hangs
SAID_MOST = 3000

if not os.path.exists(program):
    sys.exit("wsgauntlet is not built: run make first")

_lock = threading.Lock()
_passed = _failed = 0


def check(ok, what, said=""):
    """Tells and counts one check, from any thread; what is `said` (text or lines) is shown when it fails."""
    global _passed, _failed
    assert isinstance(what, str) and not isinstance(ok, str), "check(ok, what): in this order"
    said = said if isinstance(said, str) else "\n".join(map(str, said))
    with _lock:
        _passed, _failed = _passed + bool(ok), _failed + (not ok)
        print(f"{'ok  ' if ok else 'FAIL'} {what}", flush=True)
        if not ok and said:
            print("     " + said.strip()[-SAID_MOST:].replace("\n", "\n     "), flush=True)
    return ok


def end(name, skipped=0):
    """The last line of a test, and its exit status."""
    print(f"{name}: {_passed} passed, {_failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(_failed != 0)


def run(*arguments, **more):
    """The program, with these arguments, and what it printed."""
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          **{"timeout": PATIENCE_S, **more})


def own_folder(name):
    """A new folder that goes when the test ends, by SIGTERM too."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"wsgauntlet-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    return folder


def packages(folder=peers):
    """What package-lock.json of this folder wants is installed, anew when it has changed."""
    subprocess.run(["make", "-s", folder.relative_to(root) / "node_modules/.package-lock.json"], cwd=root, check=True,
                   stdin=subprocess.DEVNULL)


def certificate(folder):
    """Files with a new certificate for this machine and its key."""
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


def schema_breach(path):
    """What another's validator says against this result; nothing when it is as reports/result.schema.json says."""
    valid = subprocess.run([PYTHON, root / "tests/e2e/schema.py", path], capture_output=True, text=True)
    return valid.stderr if valid.returncode else ""
