"""Facts about the settings objects of the new server, and that the simulator goes by them."""

import pytest

from gateway.knowledge import schema
from gateway.knowledge.conversions import conversion
from gateway.knowledge.schema import MISSING, initial, object_type, property_at, required, settings_types
from gateway.knowledge.settings_map import SETTINGS
from gateway.simulator.declared import vocabulary


@pytest.mark.parametrize("name", settings_types())
def test_defaults_are_those_of_a_fresh_object_of_the_simulator(name):
    told = object_type(name).schema
    made = vocabulary().objects[name].schema
    assert set(told.variants) == set(made.variants)
    for variant, properties in told.variants.items():
        fresh = made.fresh(variant)
        for prop in properties.values():
            if (value := initial(prop)) is not MISSING and not prop.computed:
                assert value == fresh[prop.name], (variant, prop.name)


@pytest.mark.parametrize(
    ("name", "variant", "names"),
    [
        ("NetworkListener", None, ["name", "bind"]),
        ("MtaRoute", "Relay", ["name", "address"]),
        ("MtaDeliverySchedule", None, ["name", "queueId"]),
        ("MtaQueueQuota", None, ["key"]),
        ("MtaInboundThrottle", None, ["rate"]),
        ("DkimSignature", "Dkim1RsaSha256", ["domainId", "privateKey", "selector"]),
        ("OidcProvider", None, ["encryptionKey", "signatureKey"]),
        ("Alert", None, ["condition"]),
        ("Http", None, []),
    ],
)
def test_what_has_to_be_given(name, variant, names):
    assert sorted(required(object_type(name).schema, variant)) == sorted(names)


def test_the_property_behind_a_pointer():
    assert property_at("MtaRoute", "/port", {"@type": "Relay"}).default == 25
    assert property_at("MtaRoute", "/port", {"@type": "Mx"}) is None
    assert property_at("MtaDeliverySchedule", "/expiry/expire").default == 259_200_000
    assert property_at("MtaDeliverySchedule", "/expiry/maxAttempts") is None
    assert property_at("MtaDeliverySchedule", "/expiry/maxAttempts", {"expiry": {"@type": "Attempts"}}).default == 5
    assert property_at("SpamClassifier", "/model/indicatorParameters/alpha", {"model": {"@type": "FtrlCcfh"}}).kind.word == "float"
    assert property_at("Email", "/defaultFolders/junk/create").kind.word == "bool"
    assert property_at("MtaConnectionStrategy", "/sourceIps/0/sourceIp").kind.word == "ip"
    assert property_at("Http", "/noSuch") is None
    assert property_at("Http", "/enableHsts/deeper") is None


def test_references_and_what_is_fixed():
    assert (property_at("MtaDeliverySchedule", "/queueId").kind.word, property_at("MtaDeliverySchedule", "/queueId").kind.name) == (
        "id",
        "MtaVirtualQueue",
    )
    assert property_at("NetworkListener", "/name").mutability == "once"
    assert property_at("Certificate", "/issuer").mutability == "server"


def test_every_row_of_the_map_means_a_property():
    """In some variant of one of its objects; rows that are computed, or mean the variant itself, aside."""
    computed = {"ui-flag", "record-id", "san-list", "file-ext", "score-action"}
    for row in SETTINGS.rows:
        if row.direction == "none" or row.word in computed or row.pointer.endswith("/@type"):
            continue
        conversion(row.form)
        pointer = row.pointer.replace("<id>", "junk").replace("<n>", "0")
        assert any(_reaches(type_, pointer) for type_ in row.objects), row.pattern


def _reaches(name: str, pointer: str) -> bool:
    """Whether some choice of variants on the way has the property."""

    def walk(found: schema.Schema, elements: list[str]) -> bool:
        head, *rest = elements
        for properties in found.variants.values():
            if (prop := properties.get(head)) is not None:
                if not rest:
                    return True
                kind = prop.kind
                if kind.word in {"map", "list"}:
                    kind, rest = kind.of[-1], rest[1:]
                if (inner := schema.nested(kind)) and walk(inner, rest):
                    return True
        return False

    return walk((vocabulary_of_store if name == "StoreLookup" and pointer.count("/") == 1 else object_schema)(name), pointer.split("/")[1:])


def object_schema(name: str) -> schema.Schema:
    return object_type(name).schema


def vocabulary_of_store(_name: str) -> schema.Schema:
    return schema.vocabulary().schemas["LookupStore"]


def test_the_moment_of_creation_need_not_be_given():
    assert list(required(object_type("AllowedIp").schema, None)) == ["address"]
