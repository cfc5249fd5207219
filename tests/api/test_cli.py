from __future__ import annotations

import json
import logging
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api import days, service
from api.cli import app
from api.examples import PLAN, PROBLEM
from api.terminal import Terminal
from api.words import WORDS, Lang, default_lang, word
from engine.errors import InputError
from tests.api.conftest import ROOT


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [*map(str, arguments)])


def careroute(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, timeout=900, check=False, **options,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = careroute(
        "demo", "-o", folder, "--orders", 60, "--workers", 14, "--seconds", 1, "--nodes", 1000,
        "--lang", "en",
    )
    assert done.returncode == 0, done.stderr
    assert "of 60 orders" in done.stdout
    said = done.stderr.splitlines()  # no bar where nobody watches
    assert said[:2] == ["generating a day", "planning"]
    assert {*said[2:]} <= {word("compiling", "en")}
    return folder


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(PROBLEM))
    return file


# -- demo, plan, check ---------------------------------------------------------------------------


def test_a_demo_writes_all_its_files(demo: Path) -> None:
    assert {p.name for p in demo.iterdir()} == {
        "problem.json", "plan.json", "map.html", "plan.geojson", "plan.xlsx",
    }
    assert json.loads((demo / "plan.geojson").read_text())["type"] == "FeatureCollection"
    assert (demo / "map.html").read_text().lower().startswith("<!doctype html>")


def test_a_demo_is_clean_and_can_be_planned_again_from_elsewhere(
    demo: Path, tmp_path: Path
) -> None:
    assert run("check", demo / "problem.json", demo / "plan.json").exit_code == 0
    out = tmp_path / "again.json"
    assert run("plan", demo / "problem.json", "-o", out, "--iterations", 100).exit_code == 0
    assert run("check", demo / "problem.json", out).exit_code == 0


def test_a_demo_planned_with_its_plan_in_hand_moves_nobody(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.json"
    done = run("plan", demo / "problem.json", "-o", out, "--iterations", 100, "--lang", "en",
               "--previous", demo / "plan.json", "--move-client-cents", 100_000)
    assert done.exit_code == 0
    assert "0 gone, 0 to another worker" in done.stdout
    assert json.loads(out.read_text())["changes"]["worker"] == []


def test_windows_are_offered_as_a_table_and_as_json(demo: Path) -> None:
    client = json.loads((demo / "problem.json").read_text())["clients"][0]["id"]
    files = (demo / "problem.json", demo / "plan.json")
    asked = ("--client", client, "--service", "errands", "--from", "08:00", "--until", "18:00")
    table = run("offer", *files, *asked, "--lang", "zh", "--most", 3)
    assert table.exit_code == 0, table.output
    assert "可承诺的时段" in table.stdout
    twice = run("offer", *files, *files, *asked, "--json")
    offers = json.loads(twice.stdout)["offers"]
    assert offers
    assert offers[0]["start_s"] >= 8 * 3_600
    wrong = run("offer", *files, *asked[:2], "--service", "errand", "--from", "8", "--json")
    assert wrong.exit_code == 2
    assert [f["path"] for f in json.loads(wrong.stdout)["faults"]] == ["--from"]
    assert run("offer", files[0], *asked).exit_code == 2


def test_a_demo_on_a_network_file_says_where_it_is(tmp_path: Path) -> None:
    import geodata

    geodata.synthetic_city(1000, seed=2).save(tmp_path / "town.npz")
    out = tmp_path / "deep" / "demo"
    done = run("demo", "-o", out, "--orders", 10, "--workers", 13, "--seconds", 0.2,
               "--network", tmp_path / "town.npz")
    assert done.exit_code == 0, done.output
    ref = json.loads((out / "problem.json").read_text())["network"]
    assert ref == {"kind": "file", "path": "../../town.npz"}
    assert run("check", out / "problem.json", out / "plan.json").exit_code == 0
    other = run("check", out / "problem.json", out / "plan.json", "--network", tmp_path / "no.npz")
    assert other.exit_code == 2
    assert "E3001" in other.stderr


def test_a_broken_plan_exits_with_one_and_names_what_is_broken(
    problem: Path, tmp_path: Path
) -> None:
    broken = json.loads(json.dumps(PLAN))
    broken["routes"][0]["trips"][0]["stops"][0]["start_s"] -= 7200
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(broken))
    done = run("check", problem, file, "--lang", "en")
    assert done.exit_code == 1
    assert "P2" in done.stdout
    assert "routes[0].trips[0].stops[0]" in done.stdout
    answer = json.loads(run("check", problem, file, "--json").stdout)
    assert not answer["clean"]
    assert {"code", "rule", "path", "message", "message_zh"} == set(answer["violations"][0])


def test_a_plan_file_that_is_a_problem_is_unreadable_not_broken(problem: Path) -> None:
    done = run("check", problem, problem, "--lang", "en")
    assert done.exit_code == 2
    assert "E1008" in done.stderr


def test_a_plan_comes_in_all_formats_and_figures_as_json(problem: Path, tmp_path: Path) -> None:
    out = {name: tmp_path / "new" / f"plan.{name}" for name in ("json", "html", "geojson", "xlsx")}
    done = run("plan", problem, "--iterations", 50, "--json", "-o", out["json"], "--map",
               out["html"], "--geojson", out["geojson"], "--xlsx", out["xlsx"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["report"]["totals"]["served"] == 3
    assert answer["files"] == [str(p) for p in out.values()]
    assert all(p.stat().st_size for p in out.values())


@pytest.mark.parametrize("backend", ["search", "ortools"])
def test_both_backends_plan(problem: Path, tmp_path: Path, backend: str) -> None:
    out = tmp_path / "p.json"
    done = run("plan", problem, "-o", out, "--seconds", 0.5, "--backend", backend)
    assert done.exit_code == 0, done.output
    assert json.loads(out.read_text())["run"]["backend"] == backend


@pytest.mark.parametrize("threads", [1, 2])
def test_same_seed_and_iterations_give_the_same_file(
    problem: Path, tmp_path: Path, threads: int
) -> None:
    plans = []
    for name in ("a.json", "b.json"):
        run("plan", problem, "-o", tmp_path / name, "--iterations", 300, "--seed", 5,
            "--threads", threads)
        plan = json.loads((tmp_path / name).read_text())
        plan["run"].pop("elapsed_s")
        plans.append(plan)
    assert plans[0] == plans[1]


def test_a_plan_that_has_nowhere_to_go_is_told_before_the_search(
    problem: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.service.plan", lambda *_, **__: pytest.fail("searched first"))
    done = run("plan", problem, "-o", tmp_path)
    assert done.exit_code == 2
    assert "E1016" in done.stderr


@pytest.mark.parametrize("name", ["day.xlsx", "day"])
def test_a_template_can_be_planned_as_it_is(tmp_path: Path, name: str) -> None:
    source, out = tmp_path / "new" / name, tmp_path / "plan.json"
    assert run("template", source).exit_code == 0
    assert run("plan", source, "-o", out, "--iterations", 100).exit_code == 0
    assert run("check", source, out).exit_code == 0


@pytest.mark.parametrize("name", ["day.xlsx", "day"])
def test_a_template_is_not_written_over_a_day_filled_in(tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    run("template", source)
    file = source / "orders.csv" if source.is_dir() else source
    file.write_bytes(b"a morning's work")
    done = run("template", source)
    assert (done.exit_code, file.read_bytes()) == (2, b"a morning's work")
    assert "E1616" in done.stderr
    assert run("template", source, "--force").exit_code == 0
    assert run("plan", source, "-o", tmp_path / "p.json", "--iterations", 10).exit_code == 0


def test_a_template_may_go_into_an_empty_folder(tmp_path: Path) -> None:
    assert run("template", tmp_path).exit_code == 0


def test_a_fault_that_the_network_finds_names_its_cell(tmp_path: Path) -> None:
    source = tmp_path / "day"
    run("template", source)
    table = source / "places.csv"
    text = table.read_text(encoding="utf-8-sig")
    assert "114.29458" in text
    table.write_text(text.replace("114.29458", "116.29458"), encoding="utf-8")
    done = run("plan", source, "-o", tmp_path / "p.json", "--lang", "en")
    assert done.exit_code == 2
    assert "E1403  places!" in done.stderr


def test_a_folder_that_cannot_be_written_to_is_a_fault(problem: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "plan.json"
    done = run("plan", problem, "-o", out, "--iterations", 10)
    assert done.exit_code == 2
    assert "E1017" in done.stderr


# -- graph ---------------------------------------------------------------------------------------

OSM = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6">
{nodes}
<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="99"/>
<tag k="highway" v="residential"/></way>
<way id="2"><nd ref="4"/><nd ref="1"/><tag k="highway" v="residential"/></way>
</osm>"""


def test_a_map_is_read_once_and_its_holes_are_counted(tmp_path: Path) -> None:
    corners = ((0, 0), (0.01, 0), (0.01, 0.01), (0, 0.01))
    nodes = "\n".join(
        f'<node id="{k}" lon="{120 + x}" lat="{30 + y}"/>' for k, (x, y) in enumerate(corners, 1)
    )
    source, out = tmp_path / "town.osm", tmp_path / "new" / "town.npz"
    source.write_text(OSM.format(nodes=nodes))
    done = run("graph", source, "-o", out, "--json")
    assert done.exit_code == 0, done.output
    counts = json.loads(done.stdout)["counts"]
    assert counts["nodes"] >= 1
    assert counts["dangling_references"] == 1
    assert out.exists()
    assert "dangling" in run("graph", source, "-o", out, "--lang", "en").stdout


def test_a_map_that_is_none_is_a_fault(tmp_path: Path) -> None:
    source = tmp_path / "town.osm.pbf"
    source.write_bytes(b"no map")
    done = run("graph", source, "-o", tmp_path / "m.npz", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["faults"][0]["code"].startswith("E300")


def test_a_map_of_two_far_towns_is_read_as_the_fault_says(tmp_path: Path) -> None:
    corners = ((0, 0), (0.01, 0), (0.01, 0.01), (0, 0.01))
    nodes, ways = [], []
    for town in (0, 10):
        nodes += [
            f'<node id="{town + k}" lon="{120 + town / 10 + x}" lat="{30 + y}"/>'
            for k, (x, y) in enumerate(corners, 1)
        ]
        refs = "".join(f'<nd ref="{town + k}"/>' for k in (1, 2, 3, 4, 1))
        ways.append(f'<way id="{town}">{refs}<tag k="highway" v="residential"/></way>')
    source, out = tmp_path / "two.osm", tmp_path / "two.npz"
    source.write_text(f'<?xml version="1.0"?><osm version="0.6">{"".join(nodes + ways)}</osm>')
    done = run("graph", source, "-o", out, "--lang", "en")
    assert done.exit_code == 2
    assert "E3203" in done.stderr
    assert "careroute graph --largest-part" in done.stderr
    assert not out.exists()
    done = run("graph", source, "-o", out, "--largest-part", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["counts"]["second_part_nodes"] == 4


def test_a_map_needs_one_source(tmp_path: Path) -> None:
    assert run("graph").exit_code == 2
    assert run("graph", "a.osm", "--place", "Huzhou").exit_code == 2


# -- manners -------------------------------------------------------------------------------------


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from api.cli import app; app(['--help'], standalone_mode=False); "
        "print(*sorted({'numba', 'numpy', 'fastapi', 'pydantic', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    loaded = done.stdout.splitlines()[-1].split()
    assert not set(loaded) & {"numba", "numpy", "fastapi", "scipy"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert careroute("--help").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # CPU seconds: other tests run meanwhile. 0.4 s on a quiet machine.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 4


def test_the_version_is_printed() -> None:
    assert run("--version").stdout.strip() == f"careroute {service.version()}"


def test_every_command_explains_itself() -> None:
    for command in ("demo", "graph", "plan", "check", "reach", "route", "template", "serve"):
        assert run(command, "--help").exit_code == 0


def test_a_defect_exits_with_three_and_shows_where_only_when_asked(
    problem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Grandma Wang")

    monkeypatch.setattr(service, "plan", broken)
    done = run("plan", problem, "--lang", "en")
    assert done.exit_code == 3
    assert "E1600" in done.stderr
    assert "--debug" in done.stderr
    assert "Wang" not in done.output
    shown = run("plan", problem, "--debug")
    assert isinstance(shown.exception, RuntimeError)


def test_a_setting_that_cannot_be_used_ends_serve_with_a_fault() -> None:
    done = careroute("serve", "--lang", "en", env=os.environ | {"CAREROUTE_SLOTS": "many"})
    assert done.returncode == 2
    assert "E1614  CAREROUTE_SLOTS" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_writes_the_best_plan_so_far(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "plan", str(demo / "problem.json"), "-o", str(out),
         "--seconds", "600", "--iterations", "1000000000", "--lang", "en"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    assert process.stderr is not None
    said = WORDS["planning"][0]
    while said not in (line := process.stderr.readline()):  # from then on it listens
        assert line, "ended before it planned"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0, told
    assert "Traceback" not in told
    assert json.loads(out.read_text())["run"]["status"] in ("cancelled", "stalled")
    assert run("check", demo / "problem.json", out).exit_code == 0


def test_the_language_follows_the_locale() -> None:
    assert default_lang({"LANG": "zh_CN.UTF-8"}) == "zh"
    assert default_lang({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}) == "en"
    assert default_lang({}) == "en"


def test_every_text_exists_in_both_languages() -> None:
    for key, (english, chinese) in WORDS.items():
        assert english
        assert any("\u4e00" <= c <= "\u9fff" for c in chinese), key


def test_text_of_an_input_is_never_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    from engine.errors import Fault

    Terminal("en").faults([Fault("orders[0][red]", "E1004", "a [bold]b", "c", "d", "e")])
    assert "E1004  orders[0][red]  a [bold]b  c" in capsys.readouterr().err


@pytest.mark.parametrize(("lang", "words"), [("en", "minute"), ("zh", "编译")])
def test_a_first_use_says_once_that_it_compiles(
    capsys: pytest.CaptureFixture[str], lang: Lang, words: str
) -> None:
    log = logging.getLogger("careroute.solvers")
    with Terminal(lang).progress("planning"):
        log.info("compiling kernels: plain")
        log.info("compiling kernels: rich")
    assert capsys.readouterr().err.count(words) == 1
    with Terminal(lang, as_json=True).progress("planning"):
        log.info("compiling kernels: trips")
    assert capsys.readouterr() == ("", "")
    assert not log.handlers


def test_a_clock_time_that_is_none_is_told_with_its_option(problem: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(PLAN))
    done = run("offer", problem, plan, "--client", "C1", "--service", "bath", "--until", "5pm",
               "--json")
    assert done.exit_code == 2
    told = [(f["code"], f["path"]) for f in json.loads(done.stdout)["faults"]]
    assert told == [("E1506", "--until")]


def test_a_broken_line_of_events_is_named(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"id": "e1", "time_s": 30000, "kind": "clock"}\n\n{"id": "e2",\n')
    with pytest.raises(InputError) as caught:
        days.read_events_file(file)
    assert ["line 3" in f.message for f in caught.value.faults] == [True]
