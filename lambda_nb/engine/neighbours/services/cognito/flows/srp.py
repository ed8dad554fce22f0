"""Secure Remote Password, as Cognito's clients speak it: the password never leaves them.

SRP-6a (RFC 5054) in the 3072-bit group of RFC 3526 with SHA-256; the key comes from HKDF with the
text "Caldera Derived Key". Numbers are hashed as hexadecimal text of whole bytes, with a leading
zero byte if the first bit is set.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

_N_TEXT = (
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E34"
    "04DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6"
    "F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A6916"
    "3FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C"
    "32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA95"
    "6AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA7157"
    "5D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D876"
    "02733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E"
    "4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
)
_N = int(_N_TEXT, 16)
_G = 2
_INFO = b"Caldera Derived Key\x01"


class Exchange:
    """The server's half of one exchange.

    Parameters
    ----------
    pool_name
        The part of the user pool's id after the underscore.
    username, password
        Of the user, by the name that the client was told to use.
    client_public
        The client's ``SRP_A``, hexadecimal.
    salt, private
        Hexadecimal numbers of a begun exchange; drawn if not given.

    Raises
    ------
    ValueError
        ``SRP_A`` is no number, or one that would give the key away.
    """

    def __init__(
        self,
        pool_name: str,
        username: str,
        password: str,
        client_public: str,
        salt: str = "",
        private: str = "",
    ) -> None:
        self._who = f"{pool_name}{username}"
        self._public_a = int(client_public, 16)
        if self._public_a % _N == 0:
            raise ValueError("SRP_A is a multiple of the modulus")
        self.salt = salt or _salt()
        self.private = private or secrets.token_hex(32)
        identity = hashlib.sha256(f"{self._who}:{password}".encode()).hexdigest()
        x = _hash(_padded(int(self.salt, 16)) + identity)
        self._verifier = pow(_G, x, _N)
        k = _hash("00" + _N_TEXT + "02")
        self._public_b = (k * self._verifier + pow(_G, int(self.private, 16), _N)) % _N

    @property
    def public(self) -> str:
        """The server's ``SRP_B``, hexadecimal."""
        return f"{self._public_b:x}"

    def verifies(self, secret_block: str, timestamp: str, signature: str) -> bool:
        """Whether a signature could only be made by who knows the password.

        Parameters
        ----------
        secret_block
            As sent to the client, in base64.
        timestamp, signature
            As received, the signature in base64.
        """
        u = _hash(_padded(self._public_a) + _padded(self._public_b))
        base = self._public_a * pow(self._verifier, u, _N)
        shared = pow(base, int(self.private, 16), _N)
        drawn = hmac.new(_bytes(u), _bytes(shared), hashlib.sha256).digest()
        key = hmac.new(drawn, _INFO, hashlib.sha256).digest()[:16]
        try:
            block, given = base64.b64decode(secret_block), base64.b64decode(signature)
        except ValueError:
            return False
        message = self._who.encode() + block + timestamp.encode()
        return hmac.compare_digest(hmac.new(key, message, hashlib.sha256).digest(), given)


def _salt() -> str:
    """Some clients hash the text, some the number: it begins so that both are the same."""
    return f"{1 + secrets.randbelow(7)}{secrets.token_hex(16)[1:]}"


def _padded(number: int) -> str:
    text = f"{number:x}"
    if len(text) % 2:
        return f"0{text}"
    return f"00{text}" if text[0] in "89abcdef" else text


def _bytes(number: int) -> bytes:
    return bytes.fromhex(_padded(number))


def _hash(text: str) -> int:
    return int(hashlib.sha256(bytes.fromhex(text)).hexdigest(), 16)
