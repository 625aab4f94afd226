"""Run a part of `deploy/build`."""

import subprocess

from tests.server.deployment import ROOT

DEPLOY = ROOT / "deploy"


def sourced(script, folder, check=True):
    """Run a script after the files of `steps/`; return what it prints."""
    head = f"set -euo pipefail; deploy={DEPLOY}; source={ROOT}; changed=; umask 022\n"
    head += "".join(f". {file}\n" for file in sorted(DEPLOY.glob("steps/*.sh")))
    done = subprocess.run(["bash", "-c", head + script], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout + ("" if check else done.stderr)
