"""What is no archive of a model, or a hostile one, is refused with file, member and reason."""

import io
import json
import stat
import zipfile

import pytest

import kmb_core
from kmb_core.errors import CheckpointError, MissingFileError, SecurityError
from kmb_core.saving import LoadPolicy, load_model, read_model
from kmb_core.saving import archive as archives
from kmb_core.saving.archive import CONFIG, METADATA, WEIGHTS, _Window


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def rewritten(path, changes=(), compression=zipfile.ZIP_STORED):
    """The archive with members changed, added (bytes) or left out (None)."""
    members = {**members_of(path), **dict(changes)}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def test_the_members_are_those_that_keras_writes(saved):
    with zipfile.ZipFile(saved) as archive:
        assert [(i.filename, i.compress_type) for i in archive.infolist()] == [
            (METADATA, zipfile.ZIP_STORED),
            (CONFIG, zipfile.ZIP_STORED),
            (WEIGHTS, zipfile.ZIP_STORED),
        ]
        assert json.loads(archive.read(METADATA))["keras_version"] == "3.15.1"


def test_a_compressed_archive_is_read_too(saved, model, x):
    rewritten(saved, compression=zipfile.ZIP_DEFLATED)
    found = kmb_core.ops.convert_to_numpy(load_model(saved)(x))
    assert (found == kmb_core.ops.convert_to_numpy(model(x))).all()


def test_members_of_later_versions_are_left_alone(saved):
    rewritten(saved, {"notes.txt": b"hello"})
    assert load_model(saved).name == "small"


def test_every_truncation_is_refused(saved):
    content = saved.read_bytes()
    for size in [0, 1, 10, *range(20, len(content), len(content) // 15), len(content) - 1]:
        saved.write_bytes(content[:size])
        with pytest.raises(CheckpointError, match=r"model\.keras"):
            load_model(saved)


def test_a_flipped_bit_anywhere_is_noticed_or_harmless(saved, model, x):
    content = saved.read_bytes()
    expected = kmb_core.ops.convert_to_numpy(model(x))
    for place in range(0, len(content), len(content) // 97):
        changed = bytearray(content)
        changed[place] ^= 0x20
        saved.write_bytes(changed)
        try:
            found = load_model(saved)
        except (CheckpointError, SecurityError):
            continue
        assert (kmb_core.ops.convert_to_numpy(found(x)) == expected).all()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + b"\0" * 100, b"\x80\x04\x95pickle", b"\0" * 1000])
def test_what_is_no_zip_is_refused(tmp_path, content):
    path = tmp_path / "x.keras"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="no zip archive") as caught:
        load_model(path)
    assert "truncated" in str(caught.value)


def test_an_hdf5_file_under_this_name_is_recognised(tmp_path):
    path = tmp_path / "x.keras"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    with pytest.raises(CheckpointError, match=r"HDF5 file, not a\s+\.keras archive"):
        load_model(path)


def test_a_foreign_zip_is_refused_with_what_it_holds(tmp_path):
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(CheckpointError, match=r"no member metadata\.json") as caught:
        load_model(path)
    assert "word/document.xml" in str(caught.value)


@pytest.mark.parametrize("member", [METADATA, CONFIG, WEIGHTS])
def test_a_missing_member_is_named(saved, member):
    rewritten(saved, {member: None})
    with pytest.raises(CheckpointError, match=f"no member {member}"):
        load_model(saved)


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "assets/../../up", "a\\b", "C:/x", "assets/c:x"])
def test_a_name_that_leaves_the_archive_is_refused(saved, name):
    info = zipfile.ZipInfo("plain")
    with zipfile.ZipFile(saved, "a") as archive:
        info.filename = name
        archive.writestr(info, b"x")
    with pytest.raises((SecurityError, CheckpointError)):
        load_model(saved)


def test_a_symbolic_link_is_refused(saved):
    info = zipfile.ZipInfo("assets/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(SecurityError, match="symbolic link"):
        load_model(saved)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(saved):
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr(CONFIG, b"{}")
    with pytest.raises(SecurityError, match="twice"):
        load_model(saved)


def test_a_bomb_is_refused_before_it_is_unpacked(saved):
    rewritten(saved, {CONFIG: b" " * (64 << 20)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(SecurityError, match="times its size"):
        load_model(saved)


def test_many_small_bombs_are_one(saved):
    rewritten(saved, {f"assets/{index}": bytes(1 << 20) for index in range(100)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(SecurityError, match=r"member 'assets/\d+' and what is before it unpack to much more"):
        load_model(saved)
    assert read_model(saved, policy=LoadPolicy(free_bytes=1 << 30)).name == "small"


def test_a_device_is_refused(saved):
    info = zipfile.ZipInfo("assets/device")
    info.external_attr = (stat.S_IFCHR | 0o777) << 16
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr(info, "")
    with pytest.raises(SecurityError, match="is no file but a device"):
        load_model(saved)


def test_text_that_is_nested_too_deep_is_refused_before_it_is_worked_through(saved):
    config = members_of(saved)[CONFIG]
    deep = b'{"a": ' + b"[" * 500 + b"]" * 500 + b', "rest": ' + config + b"}"
    rewritten(saved, {CONFIG: deep})
    with pytest.raises(SecurityError, match=r"model\.keras': config\.json is refused: it is nested deeper than 128"):
        load_model(saved)


def test_an_unusual_compression_is_refused(saved):
    rewritten(saved, compression=zipfile.ZIP_LZMA)
    with pytest.raises(SecurityError, match="compressed in a way"):
        load_model(saved)


def test_limits_are_arguments(saved):
    assert read_model(saved, policy=LoadPolicy()).name == "small"
    with pytest.raises(SecurityError, match=r"json.*\s.*limit is 10"):
        read_model(saved, policy=LoadPolicy(max_text_bytes=10))
    with pytest.raises(SecurityError, match="limit is 2"):
        read_model(saved, policy=LoadPolicy(max_members=2))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"3", b"[" * 100_000, b'{"a":' * 100_000])
@pytest.mark.parametrize("member", [METADATA, CONFIG])
def test_text_that_is_no_json_object_is_refused(saved, member, content):
    rewritten(saved, {member: content})
    with pytest.raises(CheckpointError, match=member):
        load_model(saved)


@pytest.mark.parametrize("version", [None, 3, "2.15.0", "", "x"])
def test_another_version_of_the_format_is_refused(saved, version):
    rewritten(saved, {METADATA: json.dumps({"keras_version": version}).encode()})
    with pytest.raises(CheckpointError, match="keras_version"):
        load_model(saved)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(MissingFileError, match="no such file") as caught:
        load_model(tmp_path / "none.keras")
    assert isinstance(caught.value, FileNotFoundError)
    assert isinstance(caught.value, ValueError)


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(CheckpointError, match=r"folder\.keras"):
        load_model(tmp_path / "folder.keras")


def test_the_file_is_closed_after_success_and_failure(saved, monkeypatch):
    opened = []
    real = archives.open_file
    monkeypatch.setattr(archives, "open_file", lambda path: opened.append(real(path)) or opened[-1])
    load_model(saved)
    rewritten(saved, {CONFIG: b"{}"})
    with pytest.raises(CheckpointError):
        load_model(saved)
    assert len(opened) == 2
    assert all(file.closed for file in opened)


def test_a_window_reads_like_the_part_alone():
    part = bytes(range(100))
    window = io.BufferedReader(_Window(io.BytesIO(b"before" + part + b"after"), 6, 100))
    alone = io.BytesIO(part)
    for action in [("read", 10), ("seek", 95), ("read", 10), ("seek", -3, 2), ("read",), ("seek", 200), ("read", 1)]:
        assert getattr(window, action[0])(*action[1:]) == getattr(alone, action[0])(*action[1:])
