"""Lambda: functions, layers and what their code is made of, however they are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.iam.actions import Unresolvable
from sandgate.iam.request import AccessRequest

Needs = Callable[..., list[str]]
Asked = Callable[..., tuple[AccessRequest, ...]]
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:test_f"
FOREIGN = "arn:aws:lambda:us-east-1:000000000000:function:prod"
ROLE = "arn:aws:iam::111122223333:role/test_r"


@pytest.mark.parametrize(
    ("parameters", "resource"),
    [
        ({"FunctionName": "test_f"}, FUNCTION),
        ({"FunctionName": "test_f:1"}, f"{FUNCTION}:1"),
        ({"FunctionName": "test_f:$LATEST"}, f"{FUNCTION}:$LATEST"),
        ({"FunctionName": "test_f", "Qualifier": "live"}, f"{FUNCTION}:live"),
        ({"FunctionName": "test_f:live", "Qualifier": "live"}, f"{FUNCTION}:live"),
        ({"FunctionName": FOREIGN}, FOREIGN),
        ({"FunctionName": f"{FOREIGN}:live"}, f"{FOREIGN}:live"),
        ({"FunctionName": FOREIGN, "Qualifier": "2"}, f"{FOREIGN}:2"),
        ({"FunctionName": "000000000000:function:f"}, "arn:aws:lambda:eu-west-1:000000000000:function:f"),
        ({"FunctionName": "000000000000:function:f:v"}, "arn:aws:lambda:eu-west-1:000000000000:function:f:v"),
        ({"FunctionName": "111122223333"}, "arn:aws:lambda:eu-west-1:111122223333:function:111122223333"),
    ],
)
@pytest.mark.parametrize("operation", ["Invoke", "InvokeWithResponseStream"])
def test_a_function_however_it_is_named(
    asked: Asked, operation: str, parameters: dict[str, str], resource: str
) -> None:
    (request,) = asked(f"lambda.{operation}", **parameters)
    assert (request.action, request.resource) == ("lambda:InvokeFunction", resource)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "test_*",
        "test_f:",
        "test_f:*",
        "test_f:1:2",
        "test f",
        "test_f/../prod",
        "111122223333:test_f",
        "function:test_f",
        "1111:function:test_f",
        "eu-west-1:111122223333:function:test_f",
        "arn:aws:lambda:eu-west-1:111122223333:function:*",
        "arn:aws:lambda:eu-west-1:111122223333:function:",
        "arn:aws:lambda::111122223333:function:test_f",
        "arn:aws:lambda:eu-west-1:111122223333:layer:test_f",
        "arn:aws:sqs:eu-west-1:111122223333:test_f",
        f"{FUNCTION}:1:2",
        f"{FUNCTION}\n",
        None,
    ],
)
@pytest.mark.parametrize(
    "operation", ["Invoke", "InvokeAsync", "GetFunction", "AddPermission", "CreateFunctionUrlConfig", "CreateFunction"]
)
def test_what_names_no_function_is_refused(needs: Needs, operation: str, name: object) -> None:
    with pytest.raises(Unresolvable):
        needs(f"lambda.{operation}", FunctionName=name)


def test_a_qualifier_that_disagrees_is_refused(needs: Needs) -> None:
    with pytest.raises(Unresolvable, match="Qualifier"):
        needs("lambda.Invoke", FunctionName="test_f:1", Qualifier="2")
    with pytest.raises(Unresolvable):
        needs("lambda.Invoke", FunctionName="test_f", Qualifier="*")


def test_an_asynchronous_invocation_is_an_invocation(needs: Needs) -> None:
    assert needs("lambda.InvokeAsync", FunctionName="test_f") == [
        "lambda:InvokeAsync arn:aws:lambda:::function:test_f",
        "lambda:InvokeFunction arn:aws:lambda:::function:test_f",
    ]


def test_a_function_url_is_free_unsigned_and_asked_on_all_functions_signed(needs: Needs) -> None:
    assert needs("lambda.InvokeFunctionUrl", kind="anonymous", url="abc") == []
    assert needs("lambda.DownloadCode") == []
    assert needs("lambda.InvokeFunctionUrl", url="abc") == ["lambda:InvokeFunctionUrl arn:aws:lambda:::function:*"]


def test_all_that_a_new_function_is_made_of(asked: Asked) -> None:
    found = asked(
        "lambda.CreateFunction",
        FunctionName="test_f",
        Role="arn:aws:iam::000000000000:role/admin",
        Code={"S3Bucket": "prod-code", "S3Key": "a/b.zip"},
        Layers=["arn:aws:lambda:eu-west-1:000000000000:layer:l:3"],
        KMSKeyArn="arn:aws:kms:eu-west-1:000000000000:key/k-1",
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        CodeSigningConfigArn="arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1",
        Tags={"team": "a"},
    )
    assert [(request.action, request.resource) for request in found] == [
        ("lambda:CreateFunction", FUNCTION),
        ("s3:GetObject", "arn:aws:s3:::prod-code/a/b.zip"),
        ("lambda:GetLayerVersion", "arn:aws:lambda:eu-west-1:000000000000:layer:l:3"),
        ("ec2:DescribeSecurityGroups", "*"),
        ("ec2:DescribeSubnets", "*"),
        ("ec2:DescribeVpcs", "*"),
        ("lambda:TagResource", FUNCTION),
        ("iam:PassRole", "arn:aws:iam::000000000000:role/admin"),
        ("kms:CreateGrant", "arn:aws:kms:eu-west-1:000000000000:key/k-1"),
        ("kms:Encrypt", "arn:aws:kms:eu-west-1:000000000000:key/k-1"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:000000000000:key/k-1"),
    ]
    first, role = found[0].context, found[7].context
    assert first["lambda:layer"] == ("arn:aws:lambda:eu-west-1:000000000000:layer:l:3",)
    assert first["lambda:subnetids"] == ("subnet-1",)
    assert first["lambda:securitygroupids"] == ("sg-1",)
    assert first["aws:requesttag/team"] == ("a",)
    assert first["lambda:codesigningconfigarn"][0].endswith(":csc-1")
    assert role["iam:passedtoservice"] == ("lambda.amazonaws.com",)


def test_a_version_of_the_code_in_s3(needs: Needs) -> None:
    code = {"S3Bucket": "test-b", "S3Key": "k", "S3ObjectVersion": "v"}
    assert needs("lambda.UpdateFunctionCode", FunctionName="test_f", **code)[1] == (
        "s3:GetObjectVersion arn:aws:s3:::test-b/k"
    )
    assert needs("lambda.PublishLayerVersion", LayerName="test_l", Content=code) == [
        "lambda:PublishLayerVersion arn:aws:lambda:::layer:test_l",
        "s3:GetObjectVersion arn:aws:s3:::test-b/k",
    ]


@pytest.mark.parametrize("code", [{"S3Bucket": "test-b"}, {"S3Key": "k"}, {"S3Bucket": "*", "S3Key": "k"}])
def test_half_a_place_of_code_is_refused(needs: Needs, code: dict[str, str]) -> None:
    with pytest.raises(Unresolvable):
        needs("lambda.CreateFunction", FunctionName="test_f", Role=ROLE, Code=code)


@pytest.mark.parametrize(
    "image",
    [
        "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/app:1.0",
        f"000000000000.dkr.ecr.us-east-1.amazonaws.com/team/app@sha256:{'0' * 64}",
        "000000000000.dkr-ecr.us-east-1.on.aws/team/app",
    ],
)
def test_the_repository_of_an_image(needs: Needs, image: str) -> None:
    found = needs("lambda.UpdateFunctionCode", FunctionName="test_f", ImageUri=image)
    assert found[1:] == [
        "ecr:BatchGetImage arn:aws:ecr:us-east-1:000000000000:repository/team/app",
        "ecr:GetDownloadUrlForLayer arn:aws:ecr:us-east-1:000000000000:repository/team/app",
    ]


@pytest.mark.parametrize(
    "image", ["", "app:latest", "public.ecr.aws/x/y:1", "111122223333.dkr.ecr.eu-west-1.evil.com/a"]
)
def test_an_image_elsewhere_is_refused(needs: Needs, image: str) -> None:
    with pytest.raises(Unresolvable):
        needs("lambda.CreateFunction", FunctionName="test_f", Role=ROLE, Code={"ImageUri": image})


@pytest.mark.parametrize(
    "layer",
    [
        "",
        "test_l:1",
        "arn:aws:lambda:eu-west-1:111122223333:layer:l",
        "arn:aws:lambda:eu-west-1:111122223333:layer:l:*",
    ],
)
def test_a_layer_that_is_no_version_is_refused(needs: Needs, layer: str) -> None:
    with pytest.raises(Unresolvable):
        needs("lambda.UpdateFunctionConfiguration", FunctionName="test_f", Layers=[layer])
    with pytest.raises(Unresolvable):
        needs("lambda.GetLayerVersionByArn", Arn=layer)


def test_layers_by_name_and_by_arn(needs: Needs) -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:layer:l"
    assert needs("lambda.GetLayerVersion", LayerName="test_l", VersionNumber=7) == [
        "lambda:GetLayerVersion arn:aws:lambda:::layer:test_l:7"
    ]
    assert needs("lambda.DeleteLayerVersion", LayerName=arn, VersionNumber="8") == [
        f"lambda:DeleteLayerVersion {arn}:8"
    ]
    assert needs("lambda.AddLayerVersionPermission", LayerName=arn, VersionNumber=8) == [
        f"lambda:AddLayerVersionPermission {arn}:8"
    ]
    assert needs("lambda.GetLayerVersionByArn", Arn=f"{arn}:9") == [f"lambda:GetLayerVersion {arn}:9"]
    assert needs("lambda.PublishLayerVersion", LayerName=arn, Content={"ZipFile": b"x"}) == [
        f"lambda:PublishLayerVersion {arn}"
    ]


@pytest.mark.parametrize("number", [None, 0, -1, True, "*", "", "01", "1:2", 1.5])
def test_a_version_that_is_no_number_is_refused(needs: Needs, number: object) -> None:
    with pytest.raises(Unresolvable):
        needs("lambda.DeleteLayerVersion", LayerName="test_l", VersionNumber=number)


@pytest.mark.parametrize("name", ["test_f", "111122223333:function:test_f", FUNCTION])
def test_a_new_mapping_says_its_function(asked: Asked, name: str) -> None:
    found = asked("lambda.CreateEventSourceMapping", FunctionName=name, EventSourceArn="arn:x", Tags={"a": "b"})
    assert [request.action for request in found] == ["lambda:CreateEventSourceMapping", "lambda:TagResource"]
    assert found[0].resource == "*"
    assert found[0].context["lambda:functionarn"] == (FUNCTION,)
    assert found[1].resource == "arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:*"


@pytest.mark.parametrize("name", ["*", "", "test_f:*", "111122223333:test_f", "arn:aws:lambda:eu-west-1:1:function:f"])
def test_a_mapping_to_no_function_is_refused(needs: Needs, name: str) -> None:
    with pytest.raises(Unresolvable):
        needs("lambda.CreateEventSourceMapping", FunctionName=name, EventSourceArn="arn:x")
    with pytest.raises(Unresolvable):
        needs("lambda.UpdateEventSourceMapping", UUID="u-1", FunctionName=name)


def test_a_mapping_that_changes_its_function(asked: Asked) -> None:
    (request,) = asked("lambda.UpdateEventSourceMapping", UUID="u-1", FunctionName=FOREIGN)
    assert request.resource == "arn:aws:lambda:eu-west-1:111122223333:event-source-mapping:u-1"
    assert request.context["lambda:functionarn"] == (FOREIGN,)


def test_who_may_invoke_is_a_key(asked: Asked) -> None:
    (request,) = asked(
        "lambda.AddPermission", FunctionName="test_f", Principal="000000000000", FunctionUrlAuthType="NONE"
    )
    assert request.context["lambda:principal"] == ("000000000000",)
    assert request.context["lambda:functionurlauthtype"] == ("NONE",)
    (request,) = asked("lambda.CreateFunctionUrlConfig", FunctionName="test_f", AuthType="NONE")
    assert request.context["lambda:functionurlauthtype"] == ("NONE",)
    assert request.context["lambda:functionarn"] == (FUNCTION,)


def test_both_sides_of_a_code_signing_configuration(needs: Needs) -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-1"
    assert needs("lambda.PutFunctionCodeSigningConfig", FunctionName="test_f", CodeSigningConfigArn=arn) == [
        f"lambda:PutFunctionCodeSigningConfig {arn}",
        "lambda:PutFunctionCodeSigningConfig arn:aws:lambda:::function:test_f",
    ]


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "ListTags"])
def test_tags_are_of_an_arn(needs: Needs, operation: str) -> None:
    assert needs(f"lambda.{operation}", Resource=FOREIGN) == [f"lambda:{operation} {FOREIGN}"]
    for wrong in ("test_f", "", f"{FUNCTION}*", "arn:aws:s3:::b"):
        with pytest.raises(Unresolvable):
            needs(f"lambda.{operation}", Resource=wrong)


def test_a_durable_execution_and_its_callbacks(needs: Needs) -> None:
    arn = f"{FOREIGN}:$LATEST/durable-execution/e/1"
    assert needs("lambda.StopDurableExecution", DurableExecutionArn=arn) == [f"lambda:StopDurableExecution {arn}"]
    assert needs("lambda.SendDurableExecutionCallbackSuccess", CallbackId="x") == [
        "lambda:SendDurableExecutionCallbackSuccess arn:aws:lambda:::function:*"
    ]


def test_a_capacity_provider_is_passed(needs: Needs) -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:p"
    config = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": arn}}
    assert needs("lambda.CreateFunction", FunctionName="test_f", Role=ROLE, CapacityProviderConfig=config)[1] == (
        f"lambda:PassCapacityProvider {arn}"
    )
