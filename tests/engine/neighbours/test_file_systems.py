"""File systems: an access point of EFS can be mounted by a function."""

from __future__ import annotations

from engine_fixtures import Engine


def test_an_access_point_has_the_id_that_lambda_asks_for(engine: Engine) -> None:
    efs = engine.client("efs")
    made = efs.create_file_system(CreationToken=engine.name("files"))["FileSystemId"]
    point = efs.create_access_point(ClientToken=engine.name("point"), FileSystemId=made)
    assert len(made) == len("fs-") + 17
    assert len(point["AccessPointId"]) == len("fsap-") + 17
    name = engine.name("mounted")
    engine.create("def handler(event, context):\n    return 1\n", FunctionName=name)
    mounts = [{"Arn": point["AccessPointArn"], "LocalMountPath": "/mnt/files"}]
    told = engine.client().update_function_configuration(
        FunctionName=name, FileSystemConfigs=mounts
    )
    assert told["FileSystemConfigs"] == mounts
