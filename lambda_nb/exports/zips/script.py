"""``deploy.sh``: what creates or updates the functions of an export as archives."""

from __future__ import annotations

import json
import re
import shlex

from lambda_nb.exports.picture import Application, Layer

_HEAD = """#!/bin/sh
# Creates or updates the functions. Needs the AWS CLI, python3, and credentials.
set -eu
cd "$(dirname "$0")"

AWS_ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
AWS_REGION=${AWS_REGION:-$(aws configure get region || echo @region@)}
AWS_PARTITION=${AWS_PARTITION:-aws}
export AWS_ACCOUNT AWS_REGION AWS_PARTITION
@parameters@
filled() {  # a settings file with the account, the Region, layers and secrets in it
  python3 -c '
import json, os, re, sys
text = open(sys.argv[1]).read()
print(re.sub(r"@\\{(\\w+)\\}", lambda m: json.dumps(os.environ[m[1]])[1:-1], text))
' "$1"
}

role() {  # the role of a function: made if it is not there, its policy as it is here
  if ! aws iam get-role --role-name "$1" >/dev/null 2>&1; then
    aws iam create-role --role-name "$1" --assume-role-policy-document file://assume-role.json \\
      >/dev/null
    echo "made the role $1; IAM takes some seconds to know it everywhere"
    sleep "${ROLE_WAIT_S:-10}"
  fi
  while read -r policy; do  # those of AWS itself
    aws iam attach-role-policy --role-name "$1" \\
      --policy-arn "arn:$AWS_PARTITION:iam::aws:policy/$policy" </dev/null
  done < "$2/managed-policies.txt"
  if [ -f "$2/policy.json" ]; then
    aws iam put-role-policy --role-name "$1" --policy-name calls \\
      --policy-document "$(filled "$2/policy.json")"
  fi
}

deploy() {  # one function, from the folder of its name, for an architecture
  role "$1-role" "$1"
  if aws lambda get-function --function-name "$1" >/dev/null 2>&1; then
    aws lambda update-function-code --function-name "$1" --zip-file "fileb://$1/code.zip" \\
      --architectures "$2" >/dev/null
    aws lambda wait function-updated-v2 --function-name "$1"
    aws lambda update-function-configuration --cli-input-json "$(filled "$1/settings.json")" \\
      >/dev/null
    aws lambda wait function-updated-v2 --function-name "$1"
    echo "updated $1"
  else
    aws lambda create-function --cli-input-json "$(filled "$1/settings.json")" \\
      --zip-file "fileb://$1/code.zip" --architectures "$2" >/dev/null
    aws lambda wait function-active-v2 --function-name "$1"
    echo "created $1"
  fi
}
"""
_UNSAFE = r"[^\w .:/-]"
"""Characters that may mean something to a shell."""


def script(application: Application) -> str:
    """The text of ``deploy.sh``."""
    required = "".join(
        f': "${{{name}:?{re.sub(_UNSAFE, " ", description)}}}"\nexport {name}\n'
        for name, description in application.parameters.items()
    )
    text = _HEAD.replace("@region@", application.region).replace("@parameters@", required)
    lines = [text]
    for layer in layers_of(application):
        runtimes = " ".join(layer.settings.get("CompatibleRuntimes", ()))
        compatible = f" --compatible-runtimes {runtimes}" if runtimes else ""
        lines.append(
            f"{variable(layer)}=$(aws lambda publish-layer-version --layer-name "
            f"{shlex.quote(layer.name)}{compatible} \\\n  --zip-file "
            f"fileb://layers/{shlex.quote(layer.name)}.zip --query LayerVersionArn --output text)\n"
            f"export {variable(layer)}"
        )
    for function in application.functions:
        name = shlex.quote(function.name)
        architecture = function.settings.get("Architectures", ["x86_64"])[0]
        lines.append(f"deploy {name} {architecture}")
        if function.tags:
            arn = f"arn:$AWS_PARTITION:lambda:$AWS_REGION:$AWS_ACCOUNT:function:{function.name}"
            lines.append(
                f'aws lambda tag-resource --resource "{arn}" --tags '
                f"{shlex.quote(json.dumps(function.tags))}"
            )
        if function.reserved is not None:
            lines.append(
                f"aws lambda put-function-concurrency --function-name {name} "
                f"--reserved-concurrent-executions {function.reserved} >/dev/null"
            )
    return "\n".join(lines) + "\n"


def layers_of(application: Application) -> list[Layer]:
    """The layers that come along, those of requirements too."""
    packages = [one.packages for one in application.functions if one.packages is not None]
    return list({layer.id: layer for layer in [*application.layers(), *packages]}.values())


def variable(layer: Layer) -> str:
    """The variable of the shell that has the ARN of a layer."""
    return f"LAYER_{layer.id.upper()}"
