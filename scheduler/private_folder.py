"""The private folder: the files the scheduler writes for an app, protected from other users and the web.

An idle tick uses it too, so this imports nothing that Python has not loaded already.
"""

from __future__ import annotations

import os
import stat

FOLDER = ".scheduler"
"""The default folder, below the app's. Masonite serves `storage/` to the web, so it cannot be there."""

LOG = "scheduler.log"
STORE = "scheduler.sqlite3"
OLD_FOLDER = "storage/framework"
OLD_STORE = f"{OLD_FOLDER}/scheduler.sqlite3"
OLD_LOG = "storage/logs/scheduler.log"
"""Where version 4.0.0 had its store, cache and copies of the crontab, and its log."""

FOLDER_MODE = 0o700
FILE_MODE = 0o600
WRITABLE_BY_OTHERS = 0o002
OF_OTHERS = 0o077
IGNORE_ALL = b"# Written by masonite-scheduler: nothing in this folder belongs into version control.\n*\n"


class NotPrivate(OSError):
    """A file of the scheduler is not safe to use; the message says why, `hint` how to fix it."""

    def __init__(self, path: str, problem: str, hint: str) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path
        self.hint = hint


def make_folder(folder: str) -> None:
    """Make the private folder, with a `.gitignore` that ignores all of it, or check the one that is there."""
    if not os.path.lexists(folder):
        os.makedirs(_folder_of(folder), exist_ok=True)
        draft = f"{folder}.{os.getpid()}-{os.urandom(4).hex()}"
        try:
            os.mkdir(draft, FOLDER_MODE)
        except OSError as error:
            raise OSError(error.errno, error.strerror, folder) from None
        _give_to_folders_owner(draft)
        write_file(os.path.join(draft, ".gitignore"), IGNORE_ALL)
        try:
            os.rename(draft, folder)
        except OSError:  # another process was quicker
            remove_file(os.path.join(draft, ".gitignore"))
            os.rmdir(draft)
    check_folder(folder)
    close_to_others(folder)
    ignore = os.path.join(folder, ".gitignore")
    if not os.path.lexists(ignore) and (os.path.basename(folder) == FOLDER or os.listdir(folder) == [LOG]):
        write_file(ignore, IGNORE_ALL)  # the line of cron has made the folder


def close_to_others(folder: str) -> None:
    """Close a folder of the default name to other users; one of another name keeps the mode that its owner gave it."""
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    if mode & OF_OTHERS and os.path.basename(folder) == FOLDER:
        try:  # noqa: SIM105 - contextlib takes an idle tick a millisecond
            os.chmod(folder, mode & ~OF_OTHERS)
        except OSError:  # it is another user's: schedule:doctor reports it
            pass


def check_folder(folder: str) -> None:
    """Raise `NotPrivate` for a folder in which other users may put files, or that belongs to one of them."""
    _check_owner(folder, os.lstat(folder))
    found = os.stat(folder)
    _check_owner(folder, found)
    if not stat.S_ISDIR(found.st_mode):
        raise NotPrivate(folder, "is not a folder", "move it away")
    if found.st_mode & WRITABLE_BY_OTHERS and not found.st_mode & stat.S_ISVTX:
        raise NotPrivate(folder, "can be written to by every user", f"`chmod 700 {folder}`")


def check_file(path: str) -> bool:
    """Return whether the file exists; raise `NotPrivate` if it is another user's, a link or not a regular file."""
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    _check_kind(path, found)
    _check_owner(path, found)
    return True


def create_file(path: str) -> int:
    """Return the descriptor of a new file that only its owner can read; raise `FileExistsError` if there is one."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    os.fchmod(descriptor, FILE_MODE)  # the umask may have taken it away
    _give_to_folders_owner(path)
    return descriptor


def read_file(path: str, longest: int) -> bytes:
    """Return the content of a file of at most `longest` bytes; raise `NotPrivate` if `check_file` refuses it."""
    check_folder(_folder_of(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        check_file(path)
        raise
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        _check_kind(path, found)
        _check_owner(path, found)
        content = file.read(longest + 1)
    if len(content) > longest:
        raise NotPrivate(path, f"is longer than {longest} bytes", "remove it")
    return content


def write_file(path: str, content: bytes) -> None:
    """Replace a file as a whole, or leave it as it is."""
    draft = f"{path}.{os.getpid()}-{os.urandom(4).hex()}"
    try:
        with open(create_file(draft), "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except BaseException:
        remove_file(draft)
        raise


def remove_file(path: str) -> bool:
    """Remove a file; return False if there is none."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _check_kind(path: str, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise NotPrivate(path, "is a link", "put the file itself there")
    if not stat.S_ISREG(found.st_mode):
        raise NotPrivate(path, "is not a regular file", "move it away")
    if found.st_nlink > 1:
        raise NotPrivate(path, "has a hard link elsewhere", "put a copy of the file there")


def _check_owner(path: str, found: os.stat_result) -> None:
    """Refuse a stranger's file: its owner must be this user, root, or the owner of the folder that it is in.

    Whoever owns the folder of the private folder owns the app, and its code runs in any case.
    """
    if found.st_uid not in {0, os.geteuid(), os.stat(_folder_of(path)).st_uid}:
        hint = "run craft as that user if cron does so, otherwise remove it"
        raise NotPrivate(path, f"belongs to another user ({_name_of(found.st_uid)})", hint)


def _name_of(user: int) -> str:
    import pwd  # noqa: PLC0415 - only for a refusal

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"number {user}"


def _folder_of(path: str) -> str:
    return os.path.dirname(path) or "."


def _give_to_folders_owner(path: str) -> None:
    """Give files that root creates to the owner of the folder, so that the app's own user is not locked out."""
    if os.geteuid() == 0:
        owner = os.stat(_folder_of(path))
        try:  # noqa: SIM105 - contextlib takes an idle tick a millisecond
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        except OSError:  # a file system without owners, or one on which root is nobody
            pass
