"""What a contract may be: loading refuses one that contradicts itself or leaves out what the machine needs."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
import yaml

from contracts import ContractError, load, read, vendors
from contracts.evidence import Evidence
from contracts.profile import NEEDED
from mock_servers.core.clock import iso_seconds, wall_seconds
from mock_servers.core.registry import fakes, known
from tests.core.harbor import FOLDER

A_DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "harbor", ignore=shutil.ignore_patterns("__pycache__")))


def edit(folder: Path, name: str, change) -> None:
    path = folder / name
    document = yaml.safe_load(path.read_text())
    change(document)
    path.write_text(yaml.safe_dump(document))


def refused(folder: Path, *words: str) -> None:
    with pytest.raises(ContractError) as told:
        read(folder)
    for word in words:
        assert word in str(told.value)


def test_a_contract_is_its_documents_its_profile_and_its_operations_by_id(folder):
    contract = read(folder)
    assert contract.vendor == "harbor"
    assert set(contract.surfaces) == {"rest", "plain"}
    operation = contract.operations["listCrates"]
    assert (operation.method, operation.path, operation.scopes) == ("GET", "/crates", ("look",))
    assert contract.operations["enter"].scopes is None
    assert contract.operations["countCrates"].scopes == ()
    assert not contract.operations["replaceCrate"].built


def test_an_unknown_vendor_is_told_which_there_are():
    with pytest.raises(ContractError, match="extensiv_order_manager"):
        load("no_such_vendor")
    with pytest.raises(ContractError):
        load("../contracts")


@pytest.mark.parametrize("missing", sorted(NEEDED))
def test_a_refusal_the_machine_may_have_to_make_is_not_left_out(folder, missing):
    edit(folder, "profile.yaml", lambda profile: profile["surfaces"]["rest"]["errors"]["known"].pop(missing))
    refused(folder, missing, "rest")


def test_an_operation_id_is_used_once_within_a_document(folder):
    def twice(document):
        document["paths"]["/crates"]["post"]["operationId"] = "listCrates"

    edit(folder, "rest.openapi.yaml", twice)
    refused(folder, "listCrates", "twice")


def test_an_operation_id_is_used_once_among_documents(folder):
    def twice(document):
        document["paths"]["/gate/watch"]["get"]["operationId"] = "listCrates"

    edit(folder, "plain.openapi.yaml", twice)
    refused(folder, "listCrates", "twice")


def test_two_operations_do_not_answer_the_same_method_and_path(folder):
    def same_shape(document):
        same = document["paths"]["/crates/{id}.json"]["get"] | {"operationId": "other"}
        document["paths"]["/crates/{other}.json"] = {"get": same}

    edit(folder, "rest.openapi.yaml", same_shape)
    refused(folder, "GET /crates/{other}.json", "getCrate")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (lambda p: p["surfaces"]["rest"]["rate_limits"]["default"], "rate_limits"),
        (lambda p: p["surfaces"]["rest"]["pagination"]["default"], "pagination"),
        (lambda p: p["surfaces"]["rest"]["auth"][0], "auth"),
        (lambda p: p["stamps"], "stamps"),
    ],
)
def test_a_kind_that_nobody_knows_is_refused(folder, place, words):
    edit(folder, "profile.yaml", lambda profile: place(profile).update(kind="guesswork"))
    refused(folder, "guesswork", words)


def test_a_rule_without_evidence_is_refused(folder):
    edit(folder, "profile.yaml", lambda profile: profile["surfaces"]["rest"]["unknown"].pop("evidence"))
    refused(folder, "evidence", "unknown")


def test_an_operation_without_evidence_is_refused(folder):
    edit(folder, "rest.openapi.yaml", lambda document: document["paths"]["/crates"]["get"].pop("x-evidence"))
    refused(folder, "x-evidence", "GET /crates")


@pytest.mark.parametrize("wrong", [{"grade": "certain"}, {"read": "yesterday"}, {"source": None}, {"by": "me"}])
def test_evidence_is_graded_dated_and_sourced(folder, wrong):
    def bend(document):
        evidence = document["paths"]["/crates"]["get"]["x-evidence"]
        document["paths"]["/crates"]["get"]["x-evidence"] = evidence | wrong

    edit(folder, "rest.openapi.yaml", bend)
    refused(folder, "GET /crates")


def test_a_member_of_the_profile_that_nobody_reads_is_refused(folder):
    edit(folder, "profile.yaml", lambda profile: profile.update(hots=["api.example"]))
    refused(folder, "hots")


def test_a_document_without_a_surface_is_refused(folder):
    shutil.copy(folder / "plain.openapi.yaml", folder / "side.openapi.yaml")
    refused(folder, "side")


def test_a_surface_without_a_document_is_refused(folder):
    (folder / "plain.openapi.yaml").unlink()
    refused(folder, "plain")


@pytest.mark.parametrize("member", ["x-pagination", "x-rate-limit"])
def test_an_operation_names_only_rules_that_the_profile_has(folder, member):
    def bend(document):
        document["paths"]["/crates"]["get"][member] = "nowhere"

    edit(folder, "rest.openapi.yaml", bend)
    refused(folder, "nowhere", "GET /crates")


def test_a_reference_that_leads_nowhere_is_refused(folder):
    def bend(document):
        document["paths"]["/crates"]["get"]["parameters"] = [{"$ref": "#/components/parameters/nowhere"}]

    edit(folder, "rest.openapi.yaml", bend)
    refused(folder, "GET /crates")


@pytest.mark.parametrize("text", ["{", "- a list", "", "title: [", "paths: 7\nopenapi: 3.1.0"])
def test_a_file_that_is_no_contract_is_refused_in_one_sentence(folder, text):
    (folder / "rest.openapi.yaml").write_text(text)
    refused(folder, "rest.openapi.yaml")


@pytest.mark.parametrize("text", ["{", "- a list", "", "title: ["])
def test_a_profile_that_is_none_is_refused_in_one_sentence(folder, text):
    (folder / "profile.yaml").write_text(text)
    refused(folder, "profile.yaml")


# The compiled form ---------------------------------------------------------------------------------------------------


def compiled(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("contract-*.msgpack"))


def test_what_was_compiled_is_used_again(folder):
    read(folder)
    [path] = compiled(folder)
    kept = msgspec.msgpack.decode(path.read_bytes())
    kept["profile"]["title"] = "read from the compiled form"
    path.write_bytes(msgspec.msgpack.encode(kept))
    assert read(folder).profile.title == "read from the compiled form"


def test_a_change_of_any_source_is_seen_and_the_old_form_is_thrown_away(folder):
    read(folder)
    [before] = compiled(folder)
    edit(folder, "plain.openapi.yaml", lambda document: document["info"].update(title="Changed"))
    assert read(folder).surfaces["plain"].document["info"]["title"] == "Changed"
    assert compiled(folder) != [before]
    assert len(compiled(folder)) == 1


def test_a_renamed_document_is_seen(folder):
    read(folder)
    (folder / "plain.openapi.yaml").rename(folder / "other.openapi.yaml")
    edit(folder, "profile.yaml", lambda profile: None)
    before = (folder / "profile.yaml").read_text()
    (folder / "profile.yaml").write_text(before.replace("  plain:", "  other:"))
    assert set(read(folder).surfaces) == {"rest", "other"}
    (folder / "other.openapi.yaml").rename(folder / "plain.openapi.yaml")
    refused(folder, "other", "plain")


@pytest.mark.parametrize("rubbish", [b"", b"rubbish", b"\x80", b"\xa1\x61\x61\x01"])
def test_a_damaged_compiled_form_is_made_again(folder, rubbish):
    read(folder)
    [path] = compiled(folder)
    good = path.read_bytes()
    path.write_bytes(rubbish)
    assert read(folder).profile.title == "Harbor"
    assert path.read_bytes() == good


def test_a_folder_where_nothing_can_be_written_is_read_each_time(folder):
    (folder / "__pycache__").write_text("in the way, as a read-only folder would be")
    assert read(folder).profile.title == "Harbor"
    assert read(folder).profile.title == "Harbor"
    assert (folder / "__pycache__").read_text().startswith("in the way")


def test_a_read_only_folder_is_as_good(folder):
    folder.chmod(0o500)
    try:
        assert read(folder).profile.title == "Harbor"
    finally:
        folder.chmod(0o700)


# The contracts there are ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", vendors())
def test_every_contract_loads(vendor):
    assert load(vendor).operations


@pytest.mark.parametrize("vendor", known())
def test_every_operation_has_a_behaviour_or_is_declared_unbuilt(vendor):
    fake = fakes((vendor,))[vendor]
    built = {operation.id for operation in fake.contract.operations.values() if operation.built}
    assert built == set(fake.operations)


def evidence_in(value) -> list[dict]:
    match value:
        case dict():
            own = [value] if {"grade", "source", "read"} <= set(value) else []
            return own + [found for item in value.values() for found in evidence_in(item)]
        case list():
            return [found for item in value for found in evidence_in(item)]
    return []


@pytest.mark.parametrize("vendor", vendors())
def test_all_evidence_was_read_on_a_day_that_has_been(vendor):
    texts = [path.read_text() for path in (Path("contracts") / vendor).glob("*.yaml")]
    found = [evidence for text in texts for evidence in evidence_in(yaml.safe_load(text))]
    found += [example["evidence"] for example in load(vendor).examples]
    assert found
    today = date.fromisoformat(iso_seconds(wall_seconds())[:10])
    for evidence in found:
        sure = msgspec.convert(evidence, Evidence, strict=False)
        assert date(2026, 1, 1) <= sure.read <= today + A_DAY, sure  # somewhere it is tomorrow already
        assert len(sure.source) > 5, sure
