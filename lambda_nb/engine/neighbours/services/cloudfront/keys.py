"""Public keys, key groups, and field-level encryption that names keys."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Store,
    error,
    invalid,
    new_id,
)
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Kind, commented
from lambda_nb.engine.neighbours.services.cloudfront.references import names, users
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items
from lambda_nb.rules import quotas

_RSA_BITS = 2048


def _check_key(_: Store, config: dict[str, Any], document: CloudFrontDocument | None) -> None:
    if document is not None:
        for member in ("Name", "EncodedKey", "CallerReference"):
            if config[member] != document.config[member]:
                raise error(
                    "CannotChangeImmutablePublicKeyFields",
                    f"The {member} of a public key cannot be changed: make another key.",
                )
        return
    if not _is_usable(config["EncodedKey"]):
        raise invalid(
            "Your request contains an invalid EncodedKey: CloudFront takes public keys in PEM, RSA "
            f"with {_RSA_BITS} bits or ECDSA on the curve P-256."
        )


def _is_usable(pem: str) -> bool:
    """Whether CloudFront can verify signatures with a key.

    Developer Guide, "Specify signers that can create signed URLs and signed cookies", 2026.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size == _RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"


def _key_is_used(store: Store, document: CloudFrontDocument) -> bool:
    groups = store.all(GROUP.name).values()
    profiles = store.all(ENCRYPTION_PROFILE.name).values()
    return any(document.id in group.config["Items"] for group in groups) or any(
        document.id in names(profile.config, "PublicKeyId") for profile in profiles
    )


def _check_group(store: Store, config: dict[str, Any], _: CloudFrontDocument | None) -> None:
    members = config["Items"]
    if not members:
        raise invalid("The parameter Items of a key group needs at least one public key.")
    if len(members) > quotas.CF_KEYS_A_GROUP.value:
        raise error(
            "TooManyPublicKeysInKeyGroup",
            f"A key group has at most {quotas.CF_KEYS_A_GROUP.value} keys; these are "
            f"{len(members)}.",
        )
    for key in members:
        if key not in store.all(KEY.name):
            raise invalid(f"There is no public key with the id {key!r}: call ListPublicKeys.")


def _check_profile(store: Store, config: dict[str, Any], _: CloudFrontDocument | None) -> None:
    for entity in items(config, "EncryptionEntities"):
        if entity["PublicKeyId"] not in store.all(KEY.name):
            text = f"There is no public key with the id {entity['PublicKeyId']!r}."
            raise error("NoSuchPublicKey", text)


def _check_encryption(store: Store, config: dict[str, Any], _: CloudFrontDocument | None) -> None:
    for profile in names(config, "ProfileId"):
        if profile not in store.all(ENCRYPTION_PROFILE.name):
            text = f"There is no field-level encryption profile with the id {profile!r}."
            raise error("NoSuchFieldLevelEncryptionProfile", text)


def _profile_is_used(store: Store, document: CloudFrontDocument) -> bool:
    configs = store.all(ENCRYPTION.name).values()
    return any(document.id in names(other.config, "ProfileId") for other in configs)


KEY = Kind(
    name="PublicKey",
    lists="ListPublicKeys",
    path="public-key",
    missing="NoSuchPublicKey",
    taken="PublicKeyAlreadyExists",
    draw=lambda: new_id("K"),
    too_many=("TooManyPublicKeys", quotas.CF_PUBLIC_KEYS),
    in_use="PublicKeyInUse",
    fill=commented,
    check=_check_key,
    used=_key_is_used,
)
GROUP = Kind(
    name="KeyGroup",
    lists="ListKeyGroups",
    path="key-group",
    missing="NoSuchResource",
    taken="KeyGroupAlreadyExists",
    draw=lambda: str(uuid4()),
    too_many=("TooManyKeyGroups", quotas.CF_KEY_GROUPS),
    in_use="ResourceInUse",
    fill=commented,
    check=_check_group,
    used=lambda store, document: bool(users(store, "TrustedKeyGroups", document.id)),
)
ENCRYPTION_PROFILE = Kind(
    name="FieldLevelEncryptionProfile",
    lists="ListFieldLevelEncryptionProfiles",
    path="field-level-encryption-profile",
    missing="NoSuchFieldLevelEncryptionProfile",
    taken="FieldLevelEncryptionProfileAlreadyExists",
    draw=lambda: new_id("P"),
    too_many=("TooManyFieldLevelEncryptionProfiles", quotas.CF_ENCRYPTION_CONFIGS),
    in_use="FieldLevelEncryptionProfileInUse",
    fill=commented,
    check=_check_profile,
    used=_profile_is_used,
)
ENCRYPTION = Kind(
    name="FieldLevelEncryptionConfig",
    lists="ListFieldLevelEncryptionConfigs",
    path="field-level-encryption",
    missing="NoSuchFieldLevelEncryptionConfig",
    taken="FieldLevelEncryptionConfigAlreadyExists",
    draw=lambda: new_id("C"),
    too_many=("TooManyFieldLevelEncryptionConfigs", quotas.CF_ENCRYPTION_CONFIGS),
    in_use="FieldLevelEncryptionConfigInUse",
    unique="CallerReference",
    fill=commented,
    check=_check_encryption,
    resource="FieldLevelEncryption",
    config="FieldLevelEncryptionConfig",
)
