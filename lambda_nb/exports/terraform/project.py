"""The files of a Terraform project."""

from __future__ import annotations

from lambda_nb.exports import building
from lambda_nb.exports.picture import Application
from lambda_nb.exports.reading.identifiers import snake
from lambda_nb.exports.shared import Files, code_files
from lambda_nb.exports.terraform.apis import apis
from lambda_nb.exports.terraform.functions import assume_role, function, layer
from lambda_nb.exports.terraform.hcl import Block, Expression, data, text_of
from lambda_nb.exports.terraform.resources import resources
from lambda_nb.exports.terraform.triggers import notifications, triggers
from lambda_nb.exports.terraform.values import Values

_IGNORED = b".terraform/\nbuild/\nterraform.tfstate*\n"


def files(application: Application) -> Files:
    """All files of the project but its README."""
    values = Values(application)
    made = {
        "main.tf": [*_head(), *resources(application, values)],
        "functions.tf": [
            assume_role(),
            *(layer(one) for one in application.layers()),
            *(
                block
                for one in application.functions
                for block in function(one, application, values)
            ),
        ],
        "triggers.tf": [
            *(
                block
                for one in application.functions
                for block in triggers(one, application, values)
            ),
            *notifications(application, values),
            *apis(application, values),
        ],
    }
    application.notes += [
        f"{one.name}: that it is a durable function: the provider has `durable_config` since 6.25"
        for one in application.functions
        if "DurableConfig" in one.settings
    ]
    blocks = [block for group in made.values() for block in group]
    outputs = [block for block in blocks if block.words[0] == "output"]
    written = {
        name: text_of(block for block in group if block.words[0] != "output").encode()
        for name, group in made.items()
        if group
    }
    return {
        **written,
        "variables.tf": text_of(_variables(application)).encode(),
        "outputs.tf": text_of([*_arns(application, values), *outputs]).encode(),
        building.NAME: building.script(application),
        ".gitignore": _IGNORED,
        **code_files(application),
    }


def steps(application: Application) -> list[str]:
    """The commands that deploy it."""
    public = [
        one.name for one in application.functions if one.url and one.url["AuthType"] == "NONE"
    ]
    # The provider has the argument for it only since 6.29.
    needs = f"aws --version  # terraform apply calls it for the URL of {', '.join(public)}"
    return [
        *([needs] if public else []),
        f"python3 {building.NAME}",
        "terraform init",
        "terraform apply",
    ]


def _head() -> list[Block]:
    terraform = Block(("terraform",))
    terraform.add(required_version=">= 1.4")
    terraform.inside(
        "required_providers",
        aws=Expression('{\n  source  = "hashicorp/aws"\n  version = ">= 5.0"\n}'),
    )
    return [
        terraform,
        Block(("provider", "aws")).add(region=Expression("var.region")),
        data("aws_caller_identity", "current"),
        data("aws_region", "current"),
        data("aws_partition", "current"),
    ]


def _variables(application: Application) -> list[Block]:
    text = Expression("string")
    known = [
        Block(("variable", "region")).add(
            type=text, description="Where it is deployed", default=application.region
        ),
        Block(("variable", "prefix")).add(
            type=text,
            description="What the names of queues, tables and their like begin with",
            default=application.name,
        ),
    ]
    given = [
        Block(("variable", snake(name))).add(type=text, description=description, sensitive=True)
        for name, description in application.parameters.items()
    ]
    return known + given


def _arns(application: Application, values: Values) -> list[Block]:
    return [
        Block(("output", f"{values.label(one.id)}_arn")).add(
            value=Expression(f"{values.address(one.id)}.arn")
        )
        for one in application.functions
    ]
