"""What clients write is what they read: permissions, roles, addresses, quotas, locales; and what a patch comes to is what was asked for."""

import csv
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge.permissions import NEW_RIGHTS
from gateway.legacy.principal.context import Context, Domain, Role
from gateway.legacy.principal.reading import emails_of, locale_of, permissions_of, quota_of, roles_of
from gateway.legacy.principal.values.addresses import Emails, aliases
from gateway.legacy.principal.values.hashes import is_hash, is_unusable
from gateway.legacy.principal.values.locales import locale
from gateway.legacy.principal.values.permissions import SIDES, Lists, granted
from gateway.legacy.principal.values.quotas import limits, patch
from gateway.legacy.principal.values.roles import account_roles, role_patch
from gateway.legacy.refusals import ManagementError
from gateway.settings import Settings

SETTINGS = Settings()
EARLIER = {"spam-filter-classify", "delete-system-folders"}
LIVING = sorted(name for name, rights in NEW_RIGHTS.items() if rights and name not in EARLIER)

CONTEXT = Context(
    domains={id_: Domain(id_, name, frozenset({name}), None, None) for id_, name in (("b", "acme.test"), ("c", "other.test"))},
    roles={id_: Role(id_, name, None, frozenset(), None) for id_, name in (("b", "User"), ("e", "System"), ("f", "helpdesk"), ("g", "auditor"))},
    tenants={},
    defaults={"user": frozenset("b"), "group": frozenset("c"), "tenant-admin": frozenset("bd"), "admin": frozenset("be")},
    default_domain="b",
    forbidden=frozenset(),
)

permissions = st.lists(st.sampled_from(LIVING), max_size=12, unique=True)
addresses = st.builds("{}@{}".format, st.sampled_from("abcdef"), st.sampled_from(["acme.test", "other.test"]))
numbers = st.integers(0, 2**64 - 1)


def test_every_permission_has_one_row():
    rows = [row["old"] for row in csv.DictReader((resources.files("gateway.knowledge") / "permissions.csv").read_text().splitlines())]
    assert len(rows) == len(set(rows)) == 266 + 1 + len(EARLIER)
    assert set(rows) == set(NEW_RIGHTS)


@given(permissions)
def test_permissions_are_read_as_they_were_written(names):
    read = permissions_of(granted(names, [], SETTINGS, in_tenant=False)[SIDES[0]])
    assert set(names) <= set(read)
    # What is read beside is what the same rights stand for: writing it again changes nothing.
    assert permissions_of(granted(read, [], SETTINGS, in_tenant=False)[SIDES[0]]) == read
    together = {right for name in names for right in NEW_RIGHTS[name]}
    assert all(together.issuperset(NEW_RIGHTS[name]) or name == "message-queue-update" for name in read)


def held(enabled, disabled):
    made = granted(enabled, disabled, SETTINGS, in_tenant=False)
    return {side: dict(made[side]) for side in SIDES}


def after(holder, pointers):
    """A role after a patch."""
    changed = {side: dict(holder[side]) for side in SIDES}
    for pointer, value in pointers.items():
        side, _, right = pointer.partition("/")
        if value is None:
            del changed[side][right]
        else:
            changed[side][right] = True
    return changed


@given(permissions, permissions)
def test_a_new_list_of_permissions_is_read_as_it_was_written(before, wanted):
    holder = held(before, [])
    lists = Lists.of(holder, SETTINGS, in_tenant=False)
    lists.set(SIDES[0], wanted)
    changed = after(holder, lists.patch(holder))
    assert changed[SIDES[0]].keys() == held(wanted, [])[SIDES[0]].keys()
    again = Lists.of(changed, SETTINGS, in_tenant=False)
    again.set(SIDES[0], wanted)
    assert again.patch(changed) == {}


@given(permissions, permissions, st.lists(st.tuples(st.sampled_from(["add", "remove"]), st.sampled_from(SIDES), st.sampled_from(LIVING)), max_size=6))
def test_changes_of_permissions_leave_the_rest_alone(enabled, disabled, steps):
    holder = held(enabled, disabled)
    holder[SIDES[0]]["somethingNew"] = True
    lists = Lists.of(holder, SETTINGS, in_tenant=False)
    for action, side, name in steps:
        getattr(lists, action)(side, name)
    try:
        pointers = lists.patch(holder)
    except ManagementError:
        return
    changed = after(holder, pointers)
    assert "somethingNew" in changed[SIDES[0]]
    touched = {right for _, _, name in steps for right in NEW_RIGHTS[name]}
    for side in SIDES:
        assert set(changed[side]) ^ set(holder[side]) <= touched


@given(st.lists(st.sampled_from(["user", "helpdesk", "auditor"]), unique=True), st.lists(st.sampled_from(["user", "admin", "helpdesk"]), unique=True))
def test_roles_are_read_as_they_were_written(before, wanted):
    present, new = (account_roles(names, CONTEXT, in_tenant=False) for names in (before, wanted))
    account = {"roles": new, "permissions": {"@type": "Inherit"}, "memberTenantId": None}
    assert set(roles_of(account, CONTEXT)) == set(wanted) - ({"user"} if "admin" in wanted else set())
    pointers = role_patch(present, new)
    assert (pointers == {}) == (present == new)


@given(addresses, st.lists(addresses, max_size=6))
def test_addresses_are_read_as_they_were_written(own, others):
    object_ = {"emailAddress": own, "aliases": aliases(others, own, CONTEXT)}
    assert emails_of(object_, CONTEXT, implied=False) == [own, *sorted({*others} - {own})]


@given(addresses, st.lists(addresses, max_size=4), st.lists(addresses, max_size=4), st.booleans(), st.booleans())
def test_a_new_list_of_addresses_is_read_as_it_was_written(own, others, wanted, bare, implied):
    object_ = {"id": "f", "emailAddress": own, "aliases": aliases(others, own, CONTEXT)}
    emails = Emails.of(object_, CONTEXT, bare=bare, implied=implied)
    emails.set(wanted)
    made = emails.change()
    domains = {it.name: it.id for it in CONTEXT.domains.values()}
    entries = {f"aliases/{index}": it for index, it in object_["aliases"].items()} | {
        pointer: it for pointer, it in made.patch.items() if pointer.startswith("aliases/")
    }
    local, _, domain = own.partition("@")
    changed = {
        "emailAddress": made.own,
        "aliases": {pointer.removeprefix("aliases/"): it for pointer, it in entries.items() if it is not None},
    }
    assert made.own == f"{made.patch.get('name', local)}@" + next(
        name for name, id_ in domains.items() if id_ == made.patch.get("domainId", domains[domain])
    )
    expected = set(wanted) | (set() if bare or implied else {own})
    assert set(emails_of(changed, CONTEXT, implied=made.implied)) == expected
    if bare and wanted:
        assert emails_of(changed, CONTEXT, implied=made.implied)[0] == wanted[0]


@given(st.one_of(numbers, st.tuples(numbers, numbers, numbers)))
def test_quotas_are_read_as_they_were_written(quota):
    given_ = quota if isinstance(quota, int) else [*quota, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    read = quota_of(limits(given_))
    assert read == (given_ if isinstance(given_, int) or any(given_[1:]) else given_[0])
    assert patch(given_, limits(given_)) == {}


@given(st.sampled_from(["en", "es", "fr", "de", "it", "pt", "nl", "da", "ca", "de_CH", "zh_TW"]))
def test_locales_are_read_as_they_were_written(name):
    assert (locale_of(locale(name)) or "en") == name


@given(st.text(alphabet="$6{}PLAINcrypt./aA1=_", max_size=30))
def test_a_text_is_a_hash_or_not(text):
    assert not (is_hash(text) and is_unusable(text))
    if text.startswith(("$", "{")):
        assert is_hash(text) != is_unusable(text)
