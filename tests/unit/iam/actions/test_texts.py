"""Whatever text stands where a name is expected: it is that name, or it is refused."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from sandgate.core.call import Call, Principal
from sandgate.iam.actions import Place, Unresolvable, requests_of

TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="abz_-./:*?$%{}\n\x00 "),
    st.from_regex(r"arn:aws:[a-z]+:[a-z0-9*-]*:\d{0,12}\*?:(table|key)?/?[a-z*?/:-]*", fullmatch=True),
    st.from_regex(r"https?://[a-z.:0-9]+/\d{12}/[a-z*/.?-]+", fullmatch=True),
)
STRICT = re.compile(r"arn:aws(-[a-z]+)*:[a-z0-9]+:([a-z0-9-]+)?:(\d{12})?:[^*?\s\x00-\x1f\x7f$]+")


def resources(service: str, operation: str, **parameters: object) -> list[str]:
    principal = Principal(kind="identity", name="main")
    call = Call(
        id="1", service=service, operation=operation, parameters=parameters, region="eu-west-1", principal=principal
    )
    try:
        return [request.resource for request in requests_of(call, Place(account="111122223333"))]
    except Unresolvable:
        return []


@given(TEXTS)
@example("arn:aws:dynamodb:eu-west-1:000000000000:table/x")
def test_a_table_is_what_was_written(text: str) -> None:
    for found in resources("dynamodb", "GetItem", TableName=text):
        assert STRICT.fullmatch(found)
        assert found in (text, f"arn:aws:dynamodb:eu-west-1:111122223333:table/{text}")


@given(TEXTS)
def test_a_queue_is_what_was_written(text: str) -> None:
    for found in resources("sqs", "SendMessage", QueueUrl=text):
        assert STRICT.fullmatch(found)
        account, name = found.split(":")[4:6]
        assert text in (found, name) or text.endswith(f"/{account}/{name}")


@given(TEXTS)
def test_a_topic_is_what_was_written(text: str) -> None:
    for found in resources("sns", "Publish", TopicArn=text):
        assert STRICT.fullmatch(found)
        assert text.startswith(found)


@given(TEXTS, TEXTS)
def test_an_object_is_what_was_written(bucket: str, key: str) -> None:
    for found in resources("s3", "GetObject", Bucket=bucket, Key=key):
        assert found in (f"arn:aws:s3:::{bucket}/{key}", f"{bucket}/{key}", f"{bucket}/object/{key}")
        assert not re.search(r"[*?\s]", bucket)


@given(st.text(alphabet="abp/%25f3?versionId=&#"))
def test_a_copys_source_is_decoded_once(text: str) -> None:
    for found in resources("s3", "CopyObject", Bucket="test-b", Key="k", CopySource=text)[:1]:
        name = found.removeprefix("arn:aws:s3:::")
        assert name.count("%") <= text.count("%25")


@given(st.text(alphabet=" \"'-/*;,.()abSELECTFROMselectfrom\n"))
@example('SELECT * FROM "a" -- "b"')
def test_a_statement_names_the_table_that_follows_from(text: str) -> None:
    for found in resources("dynamodb", "ExecuteStatement", Statement=f'SELECT * FROM "test_t"{text}'):
        assert found.startswith("arn:aws:dynamodb:eu-west-1:111122223333:table/test_t")
        assert "," not in re.sub(r"'[^']*'|\"[^\"]*\"", "", text).partition("WHERE")[0]
