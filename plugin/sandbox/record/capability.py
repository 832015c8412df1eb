"""What the record says about itself: its CapabilityStatement and its SMART configuration.

Both are written from the table that the server itself goes by.
"""

from aiohttp import web

from plugin.sandbox.record import answers
from plugin.sandbox.record.bodies import TYPES
from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.keys import KEY_TYPES
from plugin.sandbox.record.offer import OFFERS, Offer
from plugin.sandbox.record.setting import SETTING, Setting

PUBLISHED = "2026-11-23"

_MATCHED = {"token": "token", "reference": "reference", "canonical": "reference", "uri": "uri"}
_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"


async def metadata(request: web.Request) -> web.Response:
    """Answer with the CapabilityStatement."""
    return answers.document(statement(request.config_dict[SETTING]))


async def smart_configuration(request: web.Request) -> web.Response:
    """Answer with where and how access tokens are to be had."""
    return web.json_response(configuration(request.config_dict[SETTING]))


def statement(setting: Setting) -> Resource:
    """What the FHIR API offers."""
    resources: list[Json] = [_resource(kind, offer) for kind, offer in OFFERS.items()]
    formats: list[Json] = list(TYPES)
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": PUBLISHED,
        "kind": "instance",
        "software": {"name": "Sandbox record"},
        "implementation": {"description": "The record of the sandbox platform", "url": setting.fhir},
        "fhirVersion": "4.0.1",
        "format": formats,
        "rest": [
            {
                "mode": "server",
                "documentation": "A transaction takes POST and PUT entries, at most 100.",
                "security": _security(setting),
                "resource": resources,
                "interaction": [{"code": "transaction"}],
            }
        ],
    }


def configuration(setting: Setting) -> Resource:
    """The SMART configuration: one grant, and the ways for a client to prove itself."""
    scopes: list[Json] = [
        f"system/{kind}.{letters}" for kind in OFFERS for letters in ("cruds", "read", "write")
    ]
    algorithms: list[Json] = list(KEY_TYPES)
    return {
        "token_endpoint": setting.token_endpoint,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": [
            "private_key_jwt",
            "client_secret_basic",
            "client_secret_post",
        ],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "scopes_supported": scopes,
        "capabilities": [
            "client-confidential-asymmetric",
            "client-confidential-symmetric",
            "permission-v1",
            "permission-v2",
        ],
    }


def _security(setting: Setting) -> Resource:
    return {
        "extension": [
            {"url": _OAUTH, "extension": [{"url": "token", "valueUri": setting.token_endpoint}]},
        ],
        "service": [{"coding": [{"system": _SECURITY, "code": "SMART-on-FHIR"}]}],
    }


def _resource(kind: str, offer: Offer) -> Resource:
    searches: list[Json] = [{"name": "_id", "type": "token"}]
    searches += [{"name": name, "type": _MATCHED[one.match]} for name, one in offer.parameters.items()]
    interactions: list[Json] = [{"code": code} for code in offer.interactions]
    return {
        "type": kind,
        "interaction": interactions,
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": "create" in offer.interactions,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal"],
        "searchParam": searches,
    }
