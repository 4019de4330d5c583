"""What schemathesis has to know of this API beside its document."""

import base64
import os
import zlib

import schemathesis

# An archive is bytes, whatever is in them.
schemathesis.serializer.alias("application/x-tar", "application/octet-stream")

TOKEN_ID = os.environ["WEIR_FUZZ_TOKEN_ID"]
USER_ID = os.environ["WEIR_FUZZ_USER_ID"]
GROUPS = ["1", "2", "3", "default", "default%2Ftools", "other"]
PROJECTS = ["1", "2", "default%2Fsite", "default%2Ftools%2Fapp"]


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Most ids that there can be are nobody's: three of four of them become those of what may well be there."""
    if not path_parameters:
        return path_parameters
    path = context.operation.path
    known = {name: known_id(path, name, value) for name, value in path_parameters.items()}
    return {**path_parameters, **{name: id for name, id in known.items() if id is not None}}


def known_id(path, name, value):
    choice = zlib.crc32(str(value).encode("utf-8", "replace"))
    if choice % 4 == 0 or not is_good(value):
        return None
    if isinstance(value, int):
        return choice // 4 % 8 + 1
    if "/cache_entries/" in path:
        return base64.urlsafe_b64encode(f"1 {choice // 4 % 8 + 1}".encode()).decode()
    some = PROJECTS if path.startswith("/api/v4/projects/") else GROUPS
    return some[choice // 4 % len(some)] if name == "id" else None


def is_good(value):
    """What is wrong on purpose stays so."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return 0 <= value < 10**15
    return isinstance(value, str) and 0 < len(value) < 100


@schemathesis.hook
def filter_case(context, case):
    """What all of this is asked with stays what it is, and the group that most is in stays: what follows would be 401s or 404s."""
    path = case.operation.path
    id = str((case.path_parameters or {}).get("id", "")).lstrip("0")
    if path.startswith("/api/v4/personal_access_tokens/{id}"):
        return id != TOKEN_ID
    if path == "/api/v4/users/{id}":
        return id != USER_ID or case.method == "GET"
    is_first = id.lower() in ("1", "default")
    is_end = case.method == "DELETE" and path == "/api/v4/groups/{id}"
    is_switch = case.method == "PUT" and path.endswith("/virtual_registries/settings")
    return not (is_first and (is_end or is_switch))
