"""Which call a request is: signing names, protocols, S3's addresses, and what is refused."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sandgate.wire.http import Request, WireError
from sandgate.wire.identify import Identified, identify_post_form, match, parse
from sandgate.wire.models import Models

Identify = Callable[..., Identified]
JSON = {"content-type": "application/x-amz-json-1.0"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
PUT_ITEM = {"x-amz-target": "DynamoDB_20120810.PutItem", **JSON}


def name(found: Identified) -> str:
    return f"{found.service}.{found.operation}"


@pytest.mark.parametrize(
    ("signing_name", "method", "target", "expected"),
    [
        ("s3", "GET", "/", "s3.ListBuckets"),
        ("s3express", "GET", "/", "s3.ListDirectoryBuckets"),
        ("s3", "GET", "/b", "s3.ListObjects"),
        ("s3", "GET", "/b/", "s3.ListObjects"),
        ("s3", "GET", "/b?list-type=2", "s3.ListObjectsV2"),
        ("s3", "GET", "/b?list-type=2&prefix=a%2Fb", "s3.ListObjectsV2"),
        ("s3", "PUT", "/b", "s3.CreateBucket"),
        ("s3", "PUT", "/b?acl", "s3.PutBucketAcl"),
        ("s3", "PUT", "/b?acl=", "s3.PutBucketAcl"),
        ("s3", "DELETE", "/b/k", "s3.DeleteObject"),
        ("s3", "PUT", "/b/k", "s3.PutObject"),
        ("s3", "PUT", "/b/k?x-id=PutObject", "s3.PutObject"),
        ("s3", "PUT", "/b/k?acl", "s3.PutObjectAcl"),
        ("s3", "POST", "/b/k?uploads", "s3.CreateMultipartUpload"),
        ("s3", "PUT", "/b/k?partNumber=1&uploadId=u", "s3.UploadPart"),
        ("s3", "POST", "/b/k?uploadId=u", "s3.CompleteMultipartUpload"),
        ("s3", "DELETE", "/b/k?uploadId=u", "s3.AbortMultipartUpload"),
        ("s3", "POST", "/b?delete", "s3.DeleteObjects"),
        ("s3", "HEAD", "/b", "s3.HeadBucket"),
        ("s3", "HEAD", "/b/k", "s3.HeadObject"),
        ("s3", "PUT", "/b?lifecycle", "s3.PutBucketLifecycleConfiguration"),
        ("lambda", "GET", "/2015-03-31/functions", "lambda.ListFunctions"),
        ("lambda", "GET", "/2015-03-31/functions/", "lambda.ListFunctions"),
        ("lambda", "POST", "/2015-03-31/functions/f/invocations", "lambda.Invoke"),
        ("cloudfront", "POST", "/2020-05-31/distribution?WithTags", "cloudfront.CreateDistributionWithTags"),
        ("cloudfront", "POST", "/2020-05-31/distribution", "cloudfront.CreateDistribution"),
        ("apigateway", "GET", "/restapis", "apigateway.GetRestApis"),
        ("apigateway", "GET", "/v2/apis", "apigatewayv2.GetApis"),
        ("ses", "POST", "/v2/email/list-identities", "sesv2.ListEmailIdentities"),
        ("es", "GET", "/2021-01-01/domain", "opensearch.ListDomainNames"),
        (
            "workspaces-web",
            "PUT",
            "/portals/a/b/userSettings?userSettingsArn=c",
            "workspaces-web.AssociateUserSettings",
        ),
        ("", "POST", "/token", "sso-oidc.CreateToken"),
        ("", "GET", "/bucket/key", "s3.GetObject"),
    ],
)
def test_method_path_and_query_name_a_rest_operation(
    identify: Identify, signing_name: str, method: str, target: str, expected: str
) -> None:
    assert name(identify(signing_name, method, target)) == expected


@pytest.mark.parametrize(
    ("signing_name", "body", "expected"),
    [
        ("sts", b"Action=GetCallerIdentity&Version=2011-06-15", "sts.GetCallerIdentity"),
        ("", b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15", "sts.AssumeRoleWithWebIdentity"),
        ("elasticloadbalancing", b"Action=DescribeLoadBalancers&Version=2012-06-01", "elb.DescribeLoadBalancers"),
        ("elasticloadbalancing", b"Action=DescribeLoadBalancers&Version=2015-12-01", "elbv2.DescribeLoadBalancers"),
        ("ses", b"Action=ListIdentities&Version=2010-12-01", "ses.ListIdentities"),
        ("rds", b"Action=DescribeDBInstances&Version=2014-10-31", "rds.DescribeDBInstances"),
        ("ec2", b"Action=DescribeInstances&Version=2016-11-15", "ec2.DescribeInstances"),
        ("monitoring", b"Action=ListMetrics&Version=2010-08-01", "cloudwatch.ListMetrics"),
    ],
)
def test_action_and_version_name_a_query_operation(
    identify: Identify, signing_name: str, body: bytes, expected: str
) -> None:
    assert name(identify(signing_name, "POST", "/", FORM, body)) == expected


def test_a_presigned_query_request_names_its_operation_in_the_url(head: Any, models: Models) -> None:
    target = "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0"
    request = head("GET", target)
    found = match(request, models, signing_name="sts")
    assert (found.service, found.operation) == ("sts", "GetCallerIdentity")
    assert parse(found, request, models, b"").parameters == {}


def test_the_target_names_a_json_operation(identify: Identify) -> None:
    body = b'{"TableName": "t", "Item": {"a": {"S": "x"}, "b": {"B": "aGk="}, "c": {"L": [{"N": "1"}]}}, "Newer": 1}'
    found = identify("dynamodb", "POST", "/", PUT_ITEM, body)
    assert name(found) == "dynamodb.PutItem"
    assert found.parameters == {
        "TableName": "t",
        "Item": {"a": {"S": "x"}, "b": {"B": b"hi"}, "c": {"L": [{"N": "1"}]}},
    }
    assert (found.protocol, found.auth, found.streaming_member, found.host_prefix) == ("json", "sigv4", None, "")


def test_unsigned_operations_are_known_by_their_target(identify: Identify) -> None:
    headers = {"x-amz-target": "AWSCognitoIdentityProviderService.SignUp", **JSON}
    found = identify("", "POST", "/", headers, b'{"ClientId": "c", "Username": "u", "Password": "p"}')
    assert (name(found), found.auth, found.parameters["ClientId"]) == ("cognito-idp.SignUp", "none", "c")


def test_operations_of_bearer_services_say_so(identify: Identify) -> None:
    assert identify("codecatalyst", "PUT", "/v1/spaces/s/projects", {}, b"{}").auth == "bearer"


@pytest.mark.parametrize(
    ("host", "target", "bucket"),
    [
        ("test-b.s3.eu-west-1.amazonaws.com", "/a/key", "test-b"),
        ("test-b.s3.amazonaws.com", "/a/key", "test-b"),
        ("test.b.s3.dualstack.eu-west-1.amazonaws.com:443", "/a/key", "test.b"),
        ("test-b.s3-eu-west-1.amazonaws.com", "/a/key", "test-b"),
        ("test-b.s3-accelerate.amazonaws.com", "/a/key", "test-b"),
        ("test-b.s3.cn-north-1.amazonaws.com.cn", "/a/key", "test-b"),
        ("test-b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "/a/key", "test-b--use1-az4--x-s3"),
        (
            "point-111122223333.s3-accesspoint.eu-west-1.amazonaws.com",
            "/a/key",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/point",
        ),
        ("s3.eu-west-1.amazonaws.com", "/test-b/a/key", "test-b"),
        ("127.0.0.1:4566", "/test-b/a/key", "test-b"),
    ],
)
def test_the_bucket_stands_in_the_host_or_in_the_path(identify: Identify, host: str, target: str, bucket: str) -> None:
    found = identify("s3", "GET", target, {"host": host})
    assert name(found) == "s3.GetObject"
    assert found.parameters == {"Bucket": bucket, "Key": "a/key"}


def test_a_bucket_in_the_host_has_operations_of_its_own(identify: Identify) -> None:
    host = {"host": "test-b.s3.eu-west-1.amazonaws.com"}
    assert name(identify("s3", "GET", "/?acl", host)) == "s3.GetBucketAcl"
    assert identify("s3", "PUT", "/", host).parameters == {"Bucket": "test-b"}


@pytest.mark.parametrize(
    ("path", "key"),
    [("/b/a%20b", "a b"), ("/b/a+b", "a+b"), ("/b//k", "/k"), ("/b/k/", "k/"), ("/b/../k", "../k"), ("/b/%C3%A9", "é")],
)
def test_object_keys_are_taken_as_they_are(identify: Identify, path: str, key: str) -> None:
    assert identify("s3", "GET", path).parameters["Key"] == key


def test_account_header_tells_s3_control_from_s3(identify: Identify) -> None:
    account = {"x-amz-account-id": "111122223333"}
    found = identify("s3", "GET", "/v20180820/accesspoint/point", account)
    assert (name(found), found.host_prefix) == ("s3control.GetAccessPoint", "111122223333.")
    assert name(identify("s3", "GET", "/v20180820/accesspoint/point")) == "s3.GetObject"
    assert name(identify("s3-outposts", "GET", "/S3Outposts/ListEndpoints")) == "s3outposts.ListEndpoints"


def test_a_streaming_body_is_never_asked_for(head: Any, models: Models) -> None:
    for target, signing_name, member in (
        ("/b/k", "s3", "Body"),
        ("/b/k?partNumber=1&uploadId=u", "s3", "Body"),
    ):
        request = head("PUT", target, {"content-length": "10"})
        found = match(request, models, signing_name=signing_name)
        assert found.body == "stream"
        identified = parse(found, request, models, None)
        assert identified.streaming_member == member
        assert member not in identified.parameters
        assert parse(found, request, models, b"held").parameters[member] == b"held"


def test_presigned_queries_leave_no_parameters(identify: Identify) -> None:
    v4 = "X-Amz-Algorithm=A&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=1&X-Amz-SignedHeaders=h&X-Amz-Signature=s"
    v2 = "AWSAccessKeyId=k&Signature=s&Expires=1"
    for query in (f"{v4}&X-Amz-Security-Token=t&x-id=GetObject", v2):
        assert identify("s3", "GET", f"/b/k?{query}").parameters == {"Bucket": "b", "Key": "k"}
    assert name(identify("", "GET", f"/b/k?{v2}")) == "s3.GetObject"


def test_headers_in_a_presigned_query_are_members(identify: Identify) -> None:
    found = identify("s3", "PUT", "/b/k?x-amz-acl=public-read&X-Amz-Meta-One=1")
    assert (found.parameters["ACL"], found.parameters["Metadata"]) == ("public-read", {"one": "1"})
    assert name(identify("s3", "PUT", "/b/k?x-amz-copy-source=%2Fo%2Fk")) == "s3.CopyObject"
    with pytest.raises(WireError, match="differs"):
        identify("s3", "PUT", "/b/k?x-amz-acl=private", {"x-amz-acl": "public-read"})


def test_response_headers_in_a_presigned_query_are_members(identify: Identify) -> None:
    found = identify("s3", "GET", "/b/k?response-expires=Thu%2C%2001%20Jan%201970%2000%3A00%3A00%20GMT")
    assert found.parameters["ResponseExpires"] == datetime(1970, 1, 1, tzinfo=UTC)


def test_gzip_bodies_are_read(identify: Identify) -> None:
    headers = {**PUT_ITEM, "content-encoding": "gzip"}
    found = identify("dynamodb", "POST", "/", headers, gzip.compress(b'{"TableName": "t"}'))
    assert found.parameters == {"TableName": "t"}


def test_content_encoding_of_an_object_is_the_objects(identify: Identify) -> None:
    found = identify("s3", "POST", "/b/k?uploads", {"content-encoding": "br"})
    assert found.parameters["ContentEncoding"] == "br"


@pytest.mark.parametrize(
    ("coding", "expected"),
    [("aws-chunked", None), ("aws-chunked,gzip", "gzip"), ("gzip, aws-chunked", "gzip"), ("gzip", "gzip"), ("", "")],
)
def test_chunk_framing_is_no_property_of_the_object(identify: Identify, coding: str, expected: str | None) -> None:
    headers = {"content-encoding": coding, "content-length": "90", "x-amz-decoded-content-length": "5"}
    found = identify("s3", "PUT", "/b/k", headers)
    assert found.parameters["ContentLength"] == 5
    assert (found.parameters.get("ContentEncoding") or None) == (expected or None)
    assert identify("s3", "PUT", "/b/k", {"content-length": "90"}).parameters["ContentLength"] == 90


def test_a_posted_search_is_a_search(identify: Identify) -> None:
    found = identify("cloudsearch", "POST", "/2013-01-01/search", FORM, b"format=sdk&pretty=true&q=star+wars&size=3")
    assert name(found) == "cloudsearchdomain.Search"
    assert found.parameters == {"query": "star wars", "size": 3}


def test_host_labels_are_filled_in(identify: Identify, models: Models) -> None:
    found = identify("s3", "GET", "/v20180820/accesspoint", {"x-amz-account-id": "111122223333"})
    assert found.host_prefix == "111122223333."
    with pytest.raises(WireError, match="host name"):
        identify("s3", "GET", "/v20180820/accesspoint", {"x-amz-account-id": "evil.example/"})


def test_a_form_upload_is_identified_from_its_fields(head: Any, models: Models) -> None:
    request = head("POST", "/b", {"content-type": "multipart/form-data; boundary=x"})
    found = match(request, models, signing_name="s3")
    assert (found.operation, found.body, found.protocol) == ("PostObject", "stream", "rest-xml")
    assert parse(found, request, models, None).parameters == {"Bucket": "b"}
    form = {
        "key": "k/${filename}",
        "ACL": "private",
        "Content-Type": "text/plain",
        "x-amz-meta-one": "1",
        "policy": "p",
    }
    assert identify_post_form(found, models, form).parameters == {
        "Bucket": "b",
        "Key": "k/${filename}",
        "ACL": "private",
        "ContentType": "text/plain",
        "Metadata": {"one": "1"},
    }
    for bad in ({"acl": "private"}, {"key": "k", "Key": "other"}, {"key": "k", "expires": "soon"}):
        with pytest.raises(WireError):
            identify_post_form(found, models, bad)


def test_a_form_upload_names_its_bucket_in_the_host_too(head: Any, models: Models) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x", "host": "test-b.s3.eu-west-1.amazonaws.com"}
    found = match(head("POST", "/", headers), models)
    assert identify_post_form(found, models, {"key": "k"}).parameters == {"Bucket": "test-b", "Key": "k"}
    with pytest.raises(WireError):
        match(head("POST", "/b/k", {"content-type": "multipart/form-data"}), models, signing_name="s3")


HEADS = {
    "nothing": ("nothing", "GET", "/", {}, "UnknownServiceException"),
    "json without target": ("dynamodb", "POST", "/", JSON, "UnknownOperationException"),
    "unknown target": (
        "dynamodb",
        "POST",
        "/",
        {**JSON, "x-amz-target": "DynamoDB_20120810.Nothing"},
        "UnknownOperationException",
    ),
    "target without a dot": (
        "dynamodb",
        "POST",
        "/",
        {**JSON, "x-amz-target": "PutItem"},
        "UnknownOperationException",
    ),
    "target of another service": ("sqs", "POST", "/", PUT_ITEM, "UnknownOperationException"),
    "target at a REST service": ("s3", "POST", "/", PUT_ITEM, "UnknownOperationException"),
    "json by GET": ("dynamodb", "GET", "/", PUT_ITEM, "UnknownOperationException"),
    "json with a path": ("dynamodb", "POST", "/x", PUT_ITEM, "UnknownOperationException"),
    "json sent as form": ("dynamodb", "POST", "/", {**PUT_ITEM, **FORM}, "UnknownOperationException"),
    "json with a query": ("dynamodb", "POST", "/?Action=ListTables", PUT_ITEM, "SerializationException"),
    "query without action": ("sts", "GET", "/", {}, "InvalidAction"),
    "query with a path": ("sts", "POST", "/x", FORM, "InvalidAction"),
    "query sent as json": ("sts", "POST", "/", JSON, "InvalidAction"),
    "query action twice": ("sts", "GET", "/?Action=GetCallerIdentity&Action=AssumeRole", {}, "MalformedQueryString"),
    "unknown method": ("s3", "PATCH", "/b/k", {}, "MethodNotAllowed"),
    "unknown subresource": ("s3", "GET", "/b?newer-subresource", {}, "InvalidRequest"),
    "half a part upload": ("s3", "PUT", "/b/k?uploadId=u", {}, "InvalidRequest"),
    "broken escape": ("s3", "GET", "/b/%zz", {}, "MalformedXML"),
    "key that is not UTF-8": ("s3", "GET", "/b/%ff", {}, "MalformedXML"),
    "scalar key twice": ("s3", "GET", "/b?max-keys=1&max-keys=2", {}, "MalformedXML"),
    "no number": ("s3", "GET", "/b?max-keys=many", {}, "MalformedXML"),
    "unknown path": ("lambda", "GET", "/nothing", {}, "UnknownOperationException"),
    "dot segments": ("lambda", "GET", "/2015-03-31/functions/../layers", {}, "UnknownOperationException"),
    "escaped dot segments": ("lambda", "GET", "/2015-03-31/functions/%2e%2e", {}, "UnknownOperationException"),
    "unknown selector": ("cloudfront", "POST", "/2020-05-31/distribution?WithNews", {}, "MethodNotAllowed"),
    "unknown selection": ("chime", "POST", "/phone-numbers/1?operation=news", {}, "UnknownOperationException"),
    "empty label": ("lambda", "GET", "/2015-03-31/functions//", {}, "UnknownOperationException"),
    "rpc path of nothing": (
        "cloudwatch-rpc",
        "POST",
        "/service/x/operation/y",
        {"smithy-protocol": "rpc-v2-cbor"},
        "UnknownServiceException",
    ),
}


@pytest.mark.parametrize("case", HEADS)
def test_heads_without_one_reading_are_refused(identify: Identify, case: str) -> None:
    signing_name, method, target, headers, code = HEADS[case]
    with pytest.raises(WireError) as caught:
        identify(signing_name, method, target, headers)
    assert caught.value.code == code
    assert 400 <= caught.value.status < 500


BAD_JSON = {
    "half": b"{",
    "no object": b"[]",
    "not UTF-8": b'{"TableName": "\xff"}',
    "UTF-16": '{"TableName": "a"}'.encode("utf-16"),
    "lone surrogate": b'{"TableName": "\\ud800"}',
    "member twice": b'{"TableName": "a", "TableName": "b"}',
    "member of an unknown one twice": b'{"x": {"a": 1, "a": 2}}',
    "not a number": b'{"x": NaN}',
    "infinity": b'{"x": -Infinity}',
    "digits without end": b'{"x": ' + b"1" * 5000 + b"}",
    "structure for string": b'{"TableName": {}}',
    "string for map": b'{"Item": "a"}',
    "no base64": b'{"Item": {"a": {"B": "%%"}}}',
    "base64 with loose bits": b'{"Item": {"a": {"B": "aGl="}}}',
    "null in a map": b'{"Item": {"a": null}}',
    "too deep for the model": b'{"Item": ' + b'{"a":{"M":' * 150 + b"{}" + b"}}" * 150 + b"}",
    "too deep for the parser": b"[" * 100_000,
}


@pytest.mark.parametrize("case", BAD_JSON)
def test_json_without_one_reading_is_refused(identify: Identify, case: str) -> None:
    with pytest.raises(WireError) as caught:
        identify("dynamodb", "POST", "/", PUT_ITEM, BAD_JSON[case])
    assert (caught.value.code, caught.value.protocol) == ("SerializationException", "json")


@pytest.mark.parametrize(
    "body",
    [
        b'{"Code": 1}',
        b'{"Timeout": 1.0}',
        b'{"Timeout": true}',
        b'{"Timeout": 1e999}',
        b'{"Timeout": 9223372036854775808}',
    ],
)
def test_wrong_types_are_refused(identify: Identify, body: bytes) -> None:
    with pytest.raises(WireError) as caught:
        identify("lambda", "POST", "/2015-03-31/functions", {}, body)
    assert (caught.value.code, caught.value.protocol) == ("SerializationException", "rest-json")


BAD_FORMS = {
    "Action=Nothing&Version=2011-06-15": "InvalidAction",
    "Action=GetCallerIdentity&Version=1999-01-01": "InvalidAction",
    "Action=GetCallerIdentity": "InvalidAction",
    "Version=2011-06-15": "InvalidAction",
    "": "InvalidAction",
    "Action=GetCallerIdentity&Action=AssumeRole&Version=2011-06-15": "MalformedQueryString",
    "Action=GetSessionToken&Version=2011-06-15&DurationSeconds=07": "MalformedQueryString",
    "Action=GetSessionToken&Version=2011-06-15&DurationSeconds=%2B7": "MalformedQueryString",
    "Action=GetSessionToken&Version=2011-06-15&DurationSeconds=7_0": "MalformedQueryString",
    "Action=AssumeRole&Version=2011-06-15&Tags.member.01.Key=a": "MalformedQueryString",
    "Action=AssumeRole&Version=2011-06-15&Tags.member.0.Key=a": "MalformedQueryString",
    "Action=AssumeRole&Version=2011-06-15&Tags.1.Key=a": "MalformedQueryString",
    "Action=AssumeRole&Version=2011-06-15&RoleArn=a&RoleArn.b=c": "MalformedQueryString",
    "Action=AssumeRole&Version=2011-06-15&RoleArn.b=c&RoleArn=a": "MalformedQueryString",
    "Action=AssumeRole&Version=2011-06-15&RoleArn=%zz": "MalformedQueryString",
    "Action=AssumeRole&Version=2011-06-15&RoleArn=%ff": "MalformedQueryString",
    f"Action=AssumeRole&Version=2011-06-15&{'a.' * 500}a=1": "MalformedQueryString",
}


@pytest.mark.parametrize("body", BAD_FORMS)
def test_forms_without_one_reading_are_refused(identify: Identify, body: str) -> None:
    with pytest.raises(WireError) as caught:
        identify("sts", "POST", "/", FORM, body.encode())
    assert (caught.value.code, caught.value.protocol) == (BAD_FORMS[body], "query")


def test_a_key_in_url_and_form_is_refused(identify: Identify) -> None:
    with pytest.raises(WireError, match="twice"):
        identify("sts", "POST", "/?Version=2011-06-15", FORM, b"Action=GetCallerIdentity&Version=2011-06-15")


BAD_XML = {
    "half": b"<Delete>",
    "entity": b'<!DOCTYPE a [<!ENTITY b "c">]><Delete>&b;</Delete>',
    "document type": b"<!DOCTYPE Delete><Delete/>",
    "external entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><Delete>&b;</Delete>',
    "undefined entity": b"<Delete>&undefined;</Delete>",
    "text for structure": b"<Delete>text</Delete>",
    "neither true nor false": b"<Delete><Quiet>yes</Quiet></Delete>",
    "member twice": b"<Delete><Quiet>true</Quiet><Quiet>true</Quiet></Delete>",
    "element in text": b"<Delete><Quiet><a/></Quiet></Delete>",
    "too deep": b"<a>" * 5000 + b"</a>" * 5000,
    "another encoding": b'<?xml version="1.0" encoding="UTF-16"?><Delete>\xff</Delete>',
}


@pytest.mark.parametrize("case", BAD_XML)
def test_xml_without_one_reading_is_refused(identify: Identify, case: str) -> None:
    with pytest.raises(WireError) as caught:
        identify("s3", "POST", "/b?delete", {}, BAD_XML[case])
    assert (caught.value.code, caught.value.protocol) == ("MalformedXML", "rest-xml")


@pytest.mark.parametrize(
    ("coding", "body", "code"),
    [
        ("br", b"{}", "UnsupportedMediaType"),
        ("gzip", b"{}", "SerializationException"),
        ("gzip, gzip", b"", "UnsupportedMediaType"),
    ],
)
def test_codings_that_are_not_gzip_are_refused(identify: Identify, coding: str, body: bytes, code: str) -> None:
    with pytest.raises(WireError) as caught:
        identify("dynamodb", "POST", "/", {**PUT_ITEM, "content-encoding": coding}, body)
    assert (caught.value.code, caught.value.protocol) == (code, "json")


def test_repeated_scalar_headers_are_refused(models: Models) -> None:
    pairs = [("host", "127.0.0.1:4566"), ("x-amz-acl", "private"), ("x-amz-acl", "public-read")]
    request = Request.of("PUT", "/b/k", pairs)
    with pytest.raises(WireError, match="twice"):
        parse(match(request, models, signing_name="s3"), request, models, None)


def test_refusals_quote_nothing_of_the_request(identify: Identify) -> None:
    body = b'{"TableName": ["secret"], "Item": {"password": "secret"}}'
    with pytest.raises(WireError) as caught:
        identify("dynamodb", "POST", "/", PUT_ITEM, body)
    assert "secret" not in str(caught.value)
