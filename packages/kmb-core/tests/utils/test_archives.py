"""Archives: what is unpacked, and what is refused before it is written."""

import io
import os
import tarfile
import zipfile

import pytest

from kmb_core.errors import CheckpointError, FileAccessError, SecurityError
from kmb_core.saving import LoadPolicy
from kmb_core.utils import get_file
from kmb_core.utils.archives import unpack


@pytest.fixture
def target(tmp_path):
    return os.fspath(tmp_path / "inside" / "target")


def tar(tmp_path, *members, mode="w:gz"):
    """A tar file of (name, contents) or TarInfo."""
    path = os.fspath(tmp_path / "x.tar.gz")
    with tarfile.open(path, mode) as file:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            file.addfile(info, io.BytesIO(member[1]))
    return path


def zipped(tmp_path, *members):
    path = os.fspath(tmp_path / "x.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, contents in members:
            file.writestr(name, contents)
    return path


def special(name, kind, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def files(folder):
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(root, name), "rb") as file:
                found[os.path.relpath(os.path.join(root, name), folder)] = file.read()
    return found


@pytest.mark.parametrize("make", [tar, zipped])
def test_files_and_folders_are_written(tmp_path, target, make):
    unpack(make(tmp_path, ("a.txt", b"one"), ("./b/c.txt", b"two"), ("b/empty", b"")), target)
    assert files(target) == {"a.txt": b"one", "b/c.txt": b"two", "b/empty": b""}
    assert os.listdir(os.path.dirname(target)) == ["target"]


@pytest.mark.parametrize("mode", ["w", "w:bz2", "w:xz"])
def test_tar_files_may_be_compressed_in_any_way(tmp_path, target, mode):
    unpack(tar(tmp_path, ("a", b"one"), mode=mode), target)
    assert files(target) == {"a": b"one"}


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize("name", ["/tmp/evil", "../evil", "a/../../evil", "a\\..\\evil", "..", "\\evil"])
def test_names_that_lead_elsewhere_are_refused_and_nothing_is_left(tmp_path, target, make, name):
    archive = make(tmp_path, ("good", b"one"), (name, b"two"))
    with pytest.raises(SecurityError, match="leads out of the folder"):
        unpack(archive, target)
    assert os.listdir(os.path.dirname(target)) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_links_and_devices_are_refused(tmp_path, target, kind):
    with pytest.raises(SecurityError, match="link or device"):
        unpack(tar(tmp_path, special("a", kind, "/etc/passwd")), target)


def test_a_link_in_a_zip_file_is_refused(tmp_path, target):
    info = zipfile.ZipInfo("a")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with pytest.raises(SecurityError, match="link or device"):
        unpack(zipped(tmp_path, (info, "/etc/passwd")), target)


def test_more_than_the_limits_is_refused(tmp_path, target):
    archive = tar(tmp_path, ("a", b"x" * 1000), ("b", b"x" * 1000))
    with pytest.raises(SecurityError, match="2 members"):
        unpack(archive, target, policy=LoadPolicy(max_unpacked_members=1))
    with pytest.raises(SecurityError, match="2000 bytes and more, where 1000000 members and 1999 bytes"):
        unpack(archive, target, policy=LoadPolicy(max_unpacked_bytes=1999))
    unpack(archive, target, policy=LoadPolicy(max_unpacked_bytes=2000))


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_small_archive_of_huge_files_is_refused(tmp_path, target, make):
    archive = make(tmp_path, ("a", bytes(2**20)))
    with pytest.raises(SecurityError, match="fill the disk"):
        unpack(archive, target, policy=LoadPolicy(max_ratio=10, free_bytes=1000))


def test_a_header_that_would_fill_the_memory_is_not_read(tmp_path, target):
    info = tarfile.TarInfo("a")
    info.pax_headers = {"comment": "x" * (3 << 20)}
    path = os.fspath(tmp_path / "x.tar.gz")
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as file:
        file.addfile(info)
    with pytest.raises(SecurityError, match=r"x\.tar\.gz: a header of 3\d+ bytes"):
        unpack(path, target)


def test_names_that_do_not_fit_each_other_or_the_system_are_an_error_of_the_file(tmp_path, target):
    for names in (("a", "a/b"), ("x" * 3000,)):
        with pytest.raises(FileAccessError, match=r"x\.tar\.gz cannot be unpacked"):
            unpack(tar(tmp_path, *((name, b"one") for name in names)), target)
        assert os.listdir(os.path.dirname(target)) == []


def test_a_size_that_a_zip_file_lies_about_is_noticed(tmp_path, target):
    archive = zipped(tmp_path, ("a", b"x" * 1000))
    with open(archive, "rb") as file:
        content = file.read()
    lie = content.replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with open(archive, "wb") as file:
        file.write(lie)
    with pytest.raises((SecurityError, CheckpointError)):
        unpack(archive, target)
    assert not os.path.exists(target)


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_damaged_archive_leaves_what_was_there(tmp_path, target, make):
    unpack(make(tmp_path, ("a", b"old")), target)
    archive = make(tmp_path, ("a", os.urandom(50_000)))
    with open(archive, "rb+") as file:
        file.seek(20_000)
        file.write(b"\0" * 200)
        if make is tar:
            file.truncate(30_000)
    with pytest.raises(CheckpointError):
        unpack(archive, target)
    assert files(target) == {"a": b"old"}


def test_a_new_archive_takes_the_place_of_the_old_one(tmp_path, target):
    unpack(tar(tmp_path, ("a", b"old")), target)
    unpack(tar(tmp_path, ("b", b"new")), target)
    assert files(target) == {"b": b"new"}


def test_what_is_no_archive_is_said(tmp_path, target):
    path = tmp_path / "x"
    path.write_bytes(b"text")
    with pytest.raises(CheckpointError, match="no tar or zip archive"):
        unpack(os.fspath(path), target)
    with pytest.raises(CheckpointError, match="no tar archive"):
        unpack(zipped(tmp_path, ("a", b"")), target, ["tar"])


def test_get_file_gives_the_folder(tmp_path):
    address = "file://" + tar(tmp_path, ("d/a", b"one"))
    options = {"cache_dir": tmp_path, "cache_subdir": "cache"}
    folder = get_file("data", address, extract=True, **options)
    assert folder == os.fspath(tmp_path / "cache" / "data")
    assert files(folder) == {"d/a": b"one"}
    assert get_file("x.tar.gz", address, untar=True, **options) == os.fspath(tmp_path / "cache" / "x_extracted")
    assert get_file("x.tar.gz", address, extract=True, archive_format=None, **options).endswith("x.tar.gz")
    os.remove(tmp_path / "x.tar.gz")  # from here on only the cache can give it
    assert get_file("data", address, extract=True, **options) == folder
