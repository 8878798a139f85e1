import json
import xml.etree.ElementTree

from jobs import MPIRUN, output_of


def test_the_benchmark_writes_a_table_figures_and_a_picture(tmp_path):
    shown = output_of(0, "-m", "nodespan.bench", "--rounds", "1", "--mpirun", MPIRUN, "--json",
                      tmp_path / "all.json", "--plot", tmp_path / "all.svg", timeout=600)

    figures = json.loads((tmp_path / "all.json").read_text())
    for row in figures["rows"]:
        assert row["nodespan_s"] > 0 and row["peer_s"] > 0 and row["ratio"] > 0
        assert row["what"] in shown and row["peer"] in shown
    assert "import nodespan" in shown and figures["rounds"] == 1
    assert xml.etree.ElementTree.parse(tmp_path / "all.svg").getroot().tag.endswith("svg")


def test_its_figures_can_go_to_standard_output():
    found = json.loads(output_of(0, "-m", "nodespan.bench", "--rounds", "1", "--mpirun", MPIRUN, "--json", "-",
                                 timeout=600))
    assert {row["peer"] for row in found["rows"]} >= {"mpi4py Barrier", "pickled to a Pool"}
