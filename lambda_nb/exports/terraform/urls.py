"""The URLs of functions as Terraform's resources."""

from __future__ import annotations

from typing import Any

from lambda_nb.exports.picture import Function
from lambda_nb.exports.terraform.hcl import Block, Expression, resource


def url(one: Function, label: str, name: Expression, qualifier: Expression | None) -> list[Block]:
    """The URL of a function, and who may call it."""
    assert one.url is not None
    made = resource(
        "aws_lambda_function_url",
        label,
        function_name=name,
        qualifier=qualifier,
        authorization_type=one.url["AuthType"],
        invoke_mode=one.url.get("InvokeMode"),
    )
    names = {
        "AllowCredentials": "allow_credentials",
        "AllowHeaders": "allow_headers",
        "AllowMethods": "allow_methods",
        "AllowOrigins": "allow_origins",
        "ExposeHeaders": "expose_headers",
        "MaxAge": "max_age",
    }
    cors = one.url.get("Cors", {})
    if cors:
        made.inside("cors", **{new: cors[old] for old, new in names.items() if old in cors})
    blocks = [made]
    if one.url["AuthType"] == "NONE":
        blocks.append(
            resource(
                "aws_lambda_permission",
                f"{label}_url",
                function_name=name,
                qualifier=qualifier,
                action="lambda:InvokeFunctionUrl",
                principal="*",
                function_url_auth_type="NONE",
            )
        )
        blocks.append(_invoked_by_url(one, label, name, qualifier))
    output = Block(("output", f"{label}_url")).add(
        value=Expression(f"aws_lambda_function_url.{label}.function_url")
    )
    return [*blocks, output]


def _invoked_by_url(
    one: Function, label: str, name: Expression, qualifier: Expression | None
) -> Block:
    """The second permission that a URL without signatures needs since October 2025.

    Providers before 6.29 have no argument for its condition; without this everybody might invoke
    the function by other ways than its URL.
    """
    made = resource(
        "terraform_data",
        f"{label}_invoked_by_url",
        triggers_replace=[Expression(f"aws_lambda_function_url.{label}.url_id")],
        depends_on=[Expression(f"aws_lambda_permission.{label}_url")],
    )
    command = (
        'aws lambda add-permission --function-name "$FUNCTION"'
        + (' --qualifier "$QUALIFIER"' if one.alias else "")
        + ' --statement-id invoked-by-url-"$URL" --action lambda:InvokeFunction --principal "*"'
        ' --invoked-via-function-url --region "$REGION"'
    )
    variables: dict[str, Any] = {
        "FUNCTION": name,
        "URL": Expression(f"aws_lambda_function_url.{label}.url_id"),
        "REGION": Expression("var.region"),
    }
    if qualifier is not None:
        variables["QUALIFIER"] = qualifier
    return made.inside("provisioner", "local-exec", command=command, environment=variables)
