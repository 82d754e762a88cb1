import re
from pathlib import Path

from realdata.fhb_folder import write_fhb
from realdata.hic_folder import write_hic
from realdata.test_core50 import write_core50

PAGE = Path(__file__).parents[2] / "docs/realdata.md"


def test_the_example_of_the_page_runs(tmp_path, monkeypatch, capsys):
    for name, write in (("FHB", write_fhb), ("HIC", write_hic), ("CORe50", write_core50)):
        write(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)

    names = {}
    exec(code, names)  # noqa: S102 - the page is ours

    assert "no_object_pose" in capsys.readouterr().out
    assert len(names["hands"]) == 20
    assert {sample.category for sample in names["webcam"]} == {"can", "cup"}


def test_the_page_names_every_variable_of_the_tests():
    named = set(re.findall(r"OBMAN_GEN_TEST_\w+", PAGE.read_text()))

    used = {
        name
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"OBMAN_GEN_TEST_[A-Z]\w+", path.read_text())
    }
    assert named == used
