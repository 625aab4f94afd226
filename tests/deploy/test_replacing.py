"""deploy/build: how it replaces what serves, and what it leaves running."""

import re

import pytest

from tests.deploy.steps import DEPLOY, sourced


def test_calls_are_led_to_another_server_and_back(tmp_path):
    (tmp_path / "upstreams.conf").write_text("server 127.0.0.1:8000;\nserver 127.0.0.1:8001; server 10.0.0.7:8000;\n")
    script = f"upstreams={tmp_path}/upstreams.conf\nreload_nginx() {{ :; }}\n"
    sourced(f"{script} lead_nginx_to 127.0.0.1:8009", tmp_path)
    led = "server 127.0.0.1:8009;\nserver 127.0.0.1:8009; server 10.0.0.7:8000;\n"
    assert (tmp_path / "upstreams.conf").read_text() == led
    sourced(f"{script} lead_nginx_back", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["upstreams.conf"]
    assert "server 127.0.0.1:8000;\n" in (tmp_path / "upstreams.conf").read_text()


def test_what_a_run_left_that_was_killed_is_put_back_before_nginx_is_led_elsewhere(tmp_path):
    (tmp_path / "upstreams.conf").write_text("server 127.0.0.1:8009;\n")
    (tmp_path / "upstreams.conf.kept").write_text("server 127.0.0.1:8000;\n")
    script = f"upstreams={tmp_path}/upstreams.conf; STAFF_NETWORKS=; install_nginx"
    assert "PARTNERS_NAME: unbound variable" in sourced(script, tmp_path, check=False)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [
        ("upstreams.conf", "server 127.0.0.1:8000;\n")
    ]


@pytest.mark.parametrize(
    ("led_back", "told"), [(":", "^ended\n$"), ("fail refused", "^lives\n.*nginx is restarted: kill")]
)
def test_a_server_that_stands_in_ends_once_no_call_goes_there(tmp_path, led_back, told):
    script = f"""
    lead_nginx_back() {{ {led_back}; }}
    sleep 20 & server=$!
    trap 'if kill $server 2>/dev/null; then echo lives; else echo ended; fi' EXIT
    end_stand_in $server
    """
    assert re.search(told, sourced(script, tmp_path, check=False), re.DOTALL)


def test_supervisor_is_asked_what_is_new_and_the_build_is_told_what_changed(tmp_path):
    script = """
    ADDRESS=10.30.0.12
    put() { cat >/dev/null; changed=yes; }
    changed=; install_units; echo "units: $changed"
    supervisorctl() { [ "$1" != reread ] || echo "$said"; }
    update_supervisor() { echo "$1"; }
    runs_release() { :; }
    said='chartero-partners: changed'; start_with_supervisor
    said='No config updates to processes'; start_with_supervisor
    """
    assert sourced(script, tmp_path) == "units: yes\nchartero-partners: changed\n"


def test_the_server_below_the_process_that_supervisor_knows_is_not_replaced_twice(tmp_path):
    script = f"""
    RELEASE={tmp_path}
    bash -c 'sleep 20; :' & parent=$!
    until [ -n "$(</proc/$parent/task/$parent/children)" ]; do :; done
    supervisorctl() {{ echo $parent; }}
    server=$(server_below_supervisor partners)
    runs_release "$server" && echo "$(cat /proc/$server/comm) of this release"
    kill $server
    supervisorctl() {{ echo 0; }}
    echo "none: $(server_below_supervisor partners)."
    """
    assert sourced(script, tmp_path).splitlines() == ["sleep of this release", "none: ."]


@pytest.mark.parametrize(
    ("program", "expected"), [("chartero.server.adopting", "signal USR2"), ("gunicorn", "restart")]
)
def test_a_server_that_nothing_adopts_is_started_again(tmp_path, program, expected):
    script = f"""
    bash -c 'sleep 20; :' {program} & pid=$!
    until grep -Fxzq {program} /proc/$pid/cmdline; do :; done
    supervisorctl() {{ if [ "$1" = pid ]; then echo $pid; else echo "$*"; fi; }}
    server_of() {{ echo $pid; }}
    ended() {{ :; }}
    renew_with_supervisor partners
    kill $pid $(</proc/$pid/task/$pid/children)
    """
    assert f"{expected} chartero-partners\n" in sourced(script, tmp_path)


@pytest.mark.parametrize("replace", ["replace_with_systemd", "renew_with_supervisor"])
def test_a_server_that_is_not_signalled_is_given_up(tmp_path, replace):
    script = f"""
    bash -c 'sleep 20; :' chartero.server.adopting & pid=$!
    until grep -Fxzq chartero.server.adopting /proc/$pid/cmdline; do :; done
    trap 'kill $pid $(</proc/$pid/task/$pid/children)' EXIT
    server_of() {{ echo $pid; }}
    ended() {{ echo waits; }}
    systemctl() {{ return 1; }}
    supervisorctl() {{ [ "$1" = pid ] && echo $pid; }}
    {replace} partners
    """
    said = sourced(script, tmp_path, check=False)
    assert "The old release still serves partners" in said
    assert "waits" not in said


@pytest.mark.parametrize(
    ("partners", "staff", "previous", "led"),
    [
        ("old", "old", "old", "old"),
        ("new", "old", "old", "old"),
        ("old", "new", "old", "old"),
        ("new", "new", "old", None),
        ("old", "old", "", "old"),  # a run before this one had switched already
        ("none", "none", "old", "old"),
        ("none", "none", "", None),
    ],
)
def test_a_build_that_fails_leads_back_to_what_still_serves(tmp_path, partners, staff, previous, led):
    for name in ("old", "new", "none"):
        (tmp_path / name).mkdir()
    for name in ("old", "new"):
        (tmp_path / name / ".complete").touch()
    script = f"""
    RELEASE={tmp_path}/new previous={previous and tmp_path / previous}
    (cd {partners} && exec sleep 20) & partners=$!
    (cd {staff} && exec sleep 20) & staff=$!
    until [[ $(cat /proc/$partners/comm /proc/$staff/comm) = $'sleep\nsleep' ]]; do :; done
    server_of() {{ echo "${{!1}}"; }}
    lead_to() {{ echo "leads to ${{1##*/}}"; }}
    lead_back
    kill $partners $staff
    """
    assert sourced(script, tmp_path) == (f"leads to {led}\n" if led else "")


def test_a_process_runs_the_release_that_it_began_in_or_whose_file_it_runs(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sleep").symlink_to("/bin/sleep")
    script = f"""
    RELEASE={tmp_path}/one
    (cd one && exec sleep 20) & begun=$!
    {tmp_path}/one/sleep 20 & called=$!
    (cd two && exec {tmp_path}/two/sleep 20) & other=$!
    until [[ $(cat /proc/$begun/comm /proc/$called/comm /proc/$other/comm) = $'sleep\nsleep\nsleep' ]]; do :; done
    for pid in $begun $called $other 0 ''; do runs_release "$pid" && printf 1 || printf 0; done
    kill $begun $called $other
    """
    assert sourced(script, tmp_path) == "11000"


def built(tmp_path, current, start="echo start_services"):
    """Run the end of a build, whose steps say their names and do nothing, and return what it says."""
    _, _, end = (DEPLOY / "build").read_text().partition("\nmake_users\n")
    script = f"""
    RELEASE={tmp_path}/new PARTNERS_NAME=api.example.com
    step() {{ :; }}; readlink() {{ echo "{tmp_path}/{current}"; }}
    for name in make_folders as_names put make_secrets install_programs install_release make_environment \\
      install_extras make_database prepare_release make_certificate ready next_steps; do eval "$name() {{ :; }}"; done
    for name in try_release install_nginx switch_release lead_back; do eval "$name() {{ echo $name; }}"; done
    start_services() {{ {start}; }}
    {end.replace('"$names"', "/dev/null")}
    """
    return sourced(script, tmp_path, check=False).split()


@pytest.mark.parametrize(
    ("current", "steps"), [("old", ["try_release", "install_nginx", "switch_release"]), ("new", ["install_nginx"])]
)
def test_a_build_leads_to_the_new_release_once_nothing_but_the_services_is_left(tmp_path, current, steps):
    assert built(tmp_path, current) == [*steps, "start_services"]
    assert built(tmp_path, current, start="false") == [*steps, "lead_back"]
