"""Templates that try to leave the sandbox, each with a twin that differs only in the escaping value and is clean."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from sandgate.guard.templates.model import Problem

Problems = Callable[..., tuple[Problem, ...]]

TRUST = """AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]"""


def table(name: str, *, sections: str = "") -> str:
    return f"{sections}\nResources:\n  T:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: {name}\n"


def resource(kind: str, properties: str, *, more: str = "", top: str = "") -> str:
    body = textwrap.indent(textwrap.dedent(properties).strip("\n"), " " * 6)
    return f"{top}\nResources:\n  R:\n    Type: {kind}\n    Properties:\n{body}\n{more}"


def role(statement: str) -> str:
    return resource(
        "AWS::IAM::Role",
        f"""
        AssumeRolePolicyDocument:
          Statement: [{{Effect: Allow, Action: 'sts:AssumeRole', Principal: {{Service: lambda.amazonaws.com}}}}]
        Policies:
          - PolicyName: p
            PolicyDocument:
              Statement: {statement}
        """,
    )


def trust(principal: str) -> str:
    return resource(
        "AWS::IAM::Role",
        f"""
        AssumeRolePolicyDocument:
          Statement:
            - Effect: Allow
              Action: sts:AssumeRole
              {principal}
        """,
    )


def queue_policy(principal: str) -> str:
    return resource(
        "AWS::SQS::QueuePolicy",
        f"""
        Queues: [!Ref Q]
        PolicyDocument:
          Statement: [{{Effect: Allow, Action: 'sqs:SendMessage', Resource: '*', {principal}}}]
        """,
        more="  Q:\n    Type: AWS::SQS::Queue\n",
    )


def function(properties: str) -> str:
    return resource(
        "AWS::Lambda::Function",
        textwrap.dedent(properties) + "\nRuntime: python3.13\nCode: {ZipFile: 'x'}\n",
        more="  Own:\n    Type: AWS::IAM::Role\n    Properties:\n      " + TRUST + "\n",
    )


def sam(properties: str, *, kind: str = "Function", more: str = "") -> str:
    return resource(f"AWS::Serverless::{kind}", properties, more=more, top="Transform: AWS::Serverless-2016-10-31")


def of_map(properties: str) -> str:
    sections = CONDITION + "Mappings:\n  M: {a: {all: {TableName: test-x}}}\n"
    return f"{sections}Resources:\n  T:\n    Type: AWS::DynamoDB::Table\n    Properties: {properties}\n"


def stored(value: str, default: str = "x", *, kind: str = "String", sections: str = "") -> str:
    """A parameter of the stack with that value; `P` is a parameter of the template."""
    return resource(
        "AWS::SSM::Parameter",
        f"Name: test-x\nType: String\nValue: {value}",
        top=f"{sections}Parameters:\n  P: {{Type: '{kind}', Default: '{default}'}}\n",
    )


def integration(uri: str) -> str:
    return resource("AWS::ApiGateway::Method", f"RestApiId: !Ref A\nIntegration: {{Uri: {uri}}}", more=API)


BUCKET = "  B: {Type: 'AWS::S3::Bucket'}\n"
API = "  A: {Type: 'AWS::ApiGateway::RestApi'}\n"
FUNCTION = "  F: {Type: 'AWS::Lambda::Function'}\n"
CUSTOM = "  C: {Type: 'Custom::C', Properties: {ServiceToken: 'arn:aws:sns:eu-west-1:111122223333:test-t'}}\n"
SOURCE = "Principal: '*', Condition: {ArnEquals: {'aws:SourceArn': 'arn:aws:sns:eu-west-1:%s:test-t'}}"
LAMBDA = "LambdaConfig: {PreSignUp: 'arn:aws:lambda:eu-west-1:111122223333:function:%s'}"
SECRET = "Role: !GetAtt Own.Arn\nEnvironment: {Variables: {A: '{{resolve:secretsmanager:%s:SecretString:a}}'}}"
GET = "[{Effect: Allow, Action: 's3:GetObject', Resource: !Sub 'arn:aws:s3:::%s'}]"
OWN_ROLE = function("Role: !GetAtt Own.Arn")
CODE = "{ZipFile: 'x'}"
MAP = "Mappings:\n  M:\n    a: {name: test-ab-x, wrong: prod}\n"
CONDITION = "Parameters:\n  Stage:\n    Type: String\n    Default: dev\nConditions:\n  Dev: !Equals [!Ref Stage, dev]\n"
PARAMETER = "Parameters:\n  Name:\n    Type: String\n    Default: {}\n"
BOUNDARY = "'arn:aws:iam::111122223333:policy/"

TWINS: list[tuple[str, str, str, str]] = [
    # what, the attack's code, the attack, its twin
    ("a name", "outside", table("prod"), table("test-ab-x")),
    ("a name that only begins alike", "outside", table("testing-x"), table("test-x")),
    ("a name from Sub", "outside", table("!Sub 'prod-${AWS::StackName}'"), table("!Sub '${AWS::StackName}-prod'")),
    ("a name from Join", "outside", table("!Join ['-', [prod, !Ref 'AWS::StackName']]"),
     table("!Join ['-', [!Ref 'AWS::StackName', prod]]")),
    ("a name from a map", "outside", table("!FindInMap [M, a, wrong]", sections=MAP),
     table("!FindInMap [M, a, name]", sections=MAP)),
    ("a name from Select and Split", "outside", table("!Select [1, !Split [',', 'test-x,prod']]"),
     table("!Select [0, !Split [',', 'test-x,prod']]")),
    ("a name from a parameter's default", "outside", table("!Ref Name", sections=PARAMETER.format("prod")),
     table("!Ref Name", sections=PARAMETER.format("test-x"))),
    ("a name behind a condition", "outside", table("!If [Dev, prod, test-x]", sections=CONDITION),
     table("!If [Dev, test-x, prod]", sections=CONDITION)),
    ("a name behind a condition that readers decide differently", "outside",
     table("!If [Dev, test-x, prod]", sections="Conditions:\n  Dev: !Equals [!Ref 'AWS::Region', eu-west-1]\n"),
     table("!If [Dev, test-x, test-y]", sections="Conditions:\n  Dev: !Equals [!Ref 'AWS::Region', eu-west-1]\n")),
    ("a name from a number that readers write differently", "outside",
     table("!If [Dev, test-x, prod]", sections="Conditions:\n  Dev: !Equals ['0x10', 0x10]\n"),
     table("!If [Dev, test-x, test-y]", sections="Conditions:\n  Dev: !Equals ['0x10', 0x10]\n")),
    ("a name with a wildcard", "outside", table("'test-*'"), table("test-x")),
    ("an imported name", "unresolvable", table("!ImportValue test-x"), table("test-x")),
    ("a name of what is not there", "unresolvable", table("!Ref test-x"), table("!Sub test-x")),
    ("a dynamic name", "unresolvable", table("'test-{{resolve:ssm:/test-x/name}}'"), table("test-name")),
    ("a dynamic name in pieces", "unresolvable", table("!Join ['', ['{{res', 'olve:ssm:/test-x/n}}']]"),
     table("!Join ['', [test, '-n']]")),
    ("an unknown function", "unresolvable", table("{'Fn::GetStackOutput': {StackName: a, OutputName: b}}"),
     table("test-x")),
    ("a function beside a key", "unresolvable", table("{'Fn::Sub': test-x, Ref: AWS::Region}"),
     table("{'Fn::Sub': test-x}")),
    ("a function of a custom resource", "unresolvable",
     table("!GetAtt C.Name") + "  C:\n    Type: Custom::C\n    Properties: {ServiceToken: !GetAtt F.Arn}\n"
     + FUNCTION,
     table("test-x") + "  C:\n    Type: Custom::C\n    Properties: {ServiceToken: !GetAtt F.Arn}\n"
     + FUNCTION),
    ("a custom resource outside", "outside",
     resource("Custom::C", "ServiceToken: arn:aws:lambda:eu-west-1:111122223333:function:prod"),
     resource("Custom::C", "ServiceToken: arn:aws:lambda:eu-west-1:111122223333:function:test-f")),
    ("another account's custom resource", "outside",
     resource("AWS::CloudFormation::CustomResource", "ServiceToken: arn:aws:sns:eu-west-1:000000000000:test-t"),
     resource("AWS::CloudFormation::CustomResource", "ServiceToken: arn:aws:sns:eu-west-1:111122223333:test-t")),
    ("an include", "unresolvable",
     table("test-x") + "      Fn::Transform: {Name: 'AWS::Include', Parameters: {Location: 's3://b/k'}}\n",
     table("test-x")),
    ("an include among the resources", "unresolvable",
     table("test-x") + "  Fn::Transform: {Name: 'AWS::Include', Parameters: {Location: 's3://b/k'}}\n",
     table("test-x")),
    ("a loop among the resources", "unresolvable",
     table("test-x") + "  Fn::ForEach::L: [I, [a], {'T${I}': {Type: 'AWS::SQS::Queue'}}]\n", table("test-x")),
    ("a macro", "transform", "Transform: Mine\n" + table("test-x"),
     "Transform: AWS::Serverless-2016-10-31\n" + table("test-x")),
    ("a macro after SAM", "transform", "Transform: [AWS::Serverless-2016-10-31, Mine]\n" + table("test-x"),
     "Transform: [AWS::Serverless-2016-10-31]\n" + table("test-x")),
    ("a nested stack that nobody has read", "unresolvable",
     resource("AWS::CloudFormation::Stack", "TemplateURL: https://s3.amazonaws.com/b/t"), table("test-x")),
    ("a module", "unknown_type", resource("My::Own::Thing::MODULE", "A: b"), table("test-x")),
    ("an account's setting", "account_wide",
     resource("AWS::ApiGateway::Account", "CloudWatchRoleArn: arn:aws:iam::111122223333:role/test-r"), table("test-x")),
    ("an access key", "account_wide", resource("AWS::IAM::AccessKey", "UserName: test-u"),
     resource("AWS::IAM::User", "UserName: test-u")),
    ("a type left out on purpose", "unknown_type", resource("AWS::SSM::Association", "Name: test-x"),
     resource("AWS::SSM::Parameter", "{Name: /test-x, Type: String, Value: prod}")),
    ("SAM without its transform", "unknown_type", resource("AWS::Serverless::SimpleTable", "TableName: test-x"),
     "Transform: AWS::Serverless-2016-10-31" + resource("AWS::Serverless::SimpleTable", "TableName: test-x")),
    ("a section that runs hooks", "unresolvable", "Hooks: {H: {Type: 'AWS::CodeDeploy::BlueGreen'}}" + table("test-x"),
     table("test-x")),
    ("an outside role", "outside", function("Role: arn:aws:iam::111122223333:role/admin"), OWN_ROLE),
    ("a role of another account", "outside", function("Role: arn:aws:iam::000000000000:role/test-r"),
     function("Role: arn:aws:iam::111122223333:role/test-r")),
    ("an outside layer", "outside",
     function("{Role: !GetAtt Own.Arn, Layers: ['arn:aws:lambda:eu-west-1:000000000000:layer:test-l:3']}")
     .replace("{Role", "Role").replace(", Layers", "\n      Layers").replace("]}", "]"),
     OWN_ROLE),
    ("an outside key", "outside", resource("AWS::SQS::Queue", "KmsMasterKeyId: alias/prod"),
     resource("AWS::SQS::Queue", "KmsMasterKeyId: alias/aws/sqs")),
    ("an outside dead-letter queue", "outside",
     resource("AWS::SQS::Queue", "RedrivePolicy: {deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:111122223333:prod'}"),
     resource("AWS::SQS::Queue", "RedrivePolicy: {deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:111122223333:test-q'}")),
    ("an outside bucket's policy", "outside",
     resource("AWS::S3::BucketPolicy", "Bucket: prod\nPolicyDocument: {Statement: []}"),
     resource("AWS::S3::BucketPolicy", "Bucket: test-b\nPolicyDocument: {Statement: []}")),
    ("an outside function in an API", "outside",
     resource("AWS::ApiGateway::Method", "RestApiId: !Ref A\nIntegration: {Uri: !Sub 'arn:aws:apigateway:eu-west-1:"
              "lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111122223333:function:prod/invocations'}",
              more=API),
     resource("AWS::ApiGateway::Method", "RestApiId: !Ref A\nIntegration: {Uri: !Sub 'arn:aws:apigateway:eu-west-1:"
              "lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111122223333:function:test-f/invocations'}",
              more=API)),
    ("an API of somebody else", "outside", resource("AWS::ApiGateway::Resource", "RestApiId: a1b2c3\nPathPart: x"),
     resource("AWS::ApiGateway::Resource", "RestApiId: !Ref A\nPathPart: x", more=API)),
    ("an API's definition in a bucket", "unresolvable",
     resource("AWS::ApiGateway::RestApi", "BodyS3Location: {Bucket: test-b, Key: k}"),
     resource("AWS::ApiGateway::RestApi", "Body: {openapi: '3.0.1'}")),
    ("an outside event source", "outside",
     resource("AWS::Lambda::EventSourceMapping",
              "FunctionName: !Ref F\nEventSourceArn: arn:aws:sqs:eu-west-1:111122223333:prod",
              more=FUNCTION),
     resource("AWS::Lambda::EventSourceMapping",
              "FunctionName: !Ref F\nEventSourceArn: arn:aws:sqs:eu-west-1:111122223333:test-q",
              more=FUNCTION)),
    ("an outside user pool", "outside", resource("AWS::Cognito::UserPoolUser", "UserPoolId: eu-west-1_abc"),
     resource("AWS::Cognito::UserPoolUser", "UserPoolId: !Ref P", more="  P: {Type: 'AWS::Cognito::UserPool'}\n")),
    ("a URL of an outside function", "outside",
     resource("AWS::Lambda::Url", "TargetFunctionArn: prod\nAuthType: AWS_IAM"),
     resource("AWS::Lambda::Url", "TargetFunctionArn: test-f\nAuthType: AWS_IAM")),
    ("a policy on an outside role", "outside",
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [admin]\nPolicyDocument: {Statement: []}"),
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [test-r]\nPolicyDocument: {Statement: []}")),
    ("a statement on everything", "grants_outside", role("[{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]"),
     role("[{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::test-b/*'}]")),
    ("a bucket whose name only begins with the member's", "grants_outside",
     role(GET % "*${B}") + BUCKET,
     role(GET % "${B}/*") + BUCKET),
    ("an object in an outside bucket that is called like a member", "grants_outside",
     role(GET % "prod/${B}") + BUCKET,
     role(GET % "${B}/prod") + BUCKET),
    ("administration", "escalates", role("[{Effect: Allow, Action: '*', Resource: '*'}]"),
     role("[{Effect: Deny, Action: '*', Resource: '*'}]")),
    ("everything but", "escalates", role("[{Effect: Allow, NotAction: 's3:*', Resource: '*'}]"),
     role("[{Effect: Deny, NotAction: 's3:*', Resource: '*'}]")),
    ("more permissions for itself", "escalates",
     role("[{Effect: Allow, Action: 'iam:PutRolePolicy', Resource: 'arn:aws:iam::111122223333:role/test-r'}]"),
     role("[{Effect: Allow, Action: 'iam:PassRole', Resource: 'arn:aws:iam::111122223333:role/test-r'}]")),
    ("a policy of AWS", "managed_policy",
     resource("AWS::IAM::Role", f"ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']\n{TRUST}"),
     resource("AWS::IAM::Role",
              f"ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']\n{TRUST}")),
    ("a policy of AWS for a user", "managed_policy",
     resource("AWS::IAM::User", "ManagedPolicyArns: ['arn:aws:iam::aws:policy/PowerUserAccess']"),
     resource("AWS::IAM::User", "UserName: test-u")),
    ("an outside policy", "outside", resource("AWS::IAM::Role", f"ManagedPolicyArns: [{BOUNDARY}prod']\n{TRUST}"),
     resource("AWS::IAM::Role", f"ManagedPolicyArns: [{BOUNDARY}test-p']\n{TRUST}")),
    ("trust in everybody", "trust", trust("Principal: '*'"), trust("Principal: {Service: lambda.amazonaws.com}")),
    ("trust in another account", "trust", trust("Principal: {AWS: 'arn:aws:iam::000000000000:root'}"),
     trust("Principal: {AWS: 'arn:aws:iam::111122223333:root'}")),
    ("trust in another account's number", "trust", trust("Principal: {AWS: '000000000000'}"),
     trust("Principal: {AWS: '111122223333'}")),
    ("trust in everybody but", "trust", trust("NotPrincipal: {AWS: 'arn:aws:iam::111122223333:root'}"),
     trust("Principal: {AWS: 'arn:aws:iam::111122223333:root'}")),
    ("trust in any identity pool", "trust", trust("Principal: {Federated: cognito-identity.amazonaws.com}"),
     trust("Principal: {Federated: cognito-identity.amazonaws.com}\n"
           "              Condition: {StringEquals: {'cognito-identity.amazonaws.com:aud': !Ref P}}")
     + "  P: {Type: 'AWS::Cognito::IdentityPool'}\n"),
    ("a queue for everybody", "trust", queue_policy("Principal: '*'"),
     queue_policy(SOURCE % "111122223333")),
    ("a queue for an outside topic", "trust",
     queue_policy(SOURCE % "000000000000"),
     queue_policy("Principal: '*', Condition: {StringEquals: {'aws:SourceAccount': '111122223333'}}")),
    ("a queue for everybody but one", "trust",
     queue_policy("Principal: '*', Condition: {StringNotEquals: {'aws:SourceAccount': '111122223333'}}"),
     queue_policy("Principal: {AWS: '111122223333'}")),
    ("a function for everybody", "trust", resource("AWS::Lambda::Permission", "FunctionName: test-f\nPrincipal: '*'"),
     resource("AWS::Lambda::Permission", "FunctionName: test-f\nPrincipal: s3.amazonaws.com")),
    ("a public bucket", "trust", resource("AWS::S3::Bucket", "AccessControl: PublicRead"),
     resource("AWS::S3::Bucket", "AccessControl: Private")),
    ("an outside secret in a variable", "outside",
     function(SECRET % "prod"),
     function(SECRET % "test-s")),
    ("an outside secret in an output", "outside",
     table("test-x") + "Outputs: {O: {Value: '{{resolve:secretsmanager:prod}}'}}\n",
     table("test-x") + "Outputs: {O: {Value: '{{resolve:secretsmanager:test-s}}'}}\n"),
    ("a generated name without the stack's", "generated_outside", resource("AWS::SecretsManager::Secret", "{}"),
     resource("AWS::SecretsManager::Secret", "Name: !Sub '${AWS::StackName}-s'")),
    ("SAM: an outside role", "outside", sam("Role: arn:aws:iam::111122223333:role/admin"),
     sam("Role: arn:aws:iam::111122223333:role/test-r")),
    ("SAM: administration by name", "managed_policy", sam("Policies: [AdministratorAccess]"),
     sam("Policies: [AWSLambdaBasicExecutionRole]")),
    ("SAM: administration as a document", "escalates",
     sam("Policies: [{Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}]"),
     sam("Policies: [{Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::test-b/*'}]}]")),
    ("SAM: administration behind a condition", "escalates",
     sam("Role: !If [C, !Ref 'AWS::NoValue', 'arn:aws:iam::111122223333:role/test-r']\n"
         "Policies: {Statement: [{Effect: Allow, Action: 'iam:*', Resource: '*'}]}",
         more="Conditions: {C: !Equals [a, a]}\n"),
     sam("Role: !If [C, !Ref 'AWS::NoValue', 'arn:aws:iam::111122223333:role/test-r']",
         more="Conditions: {C: !Equals [a, a]}\n")),
    ("SAM: a policy template on an outside table", "outside",
     sam("Policies: [{DynamoDBCrudPolicy: {TableName: prod}}]"),
     sam("Policies: [{DynamoDBCrudPolicy: {TableName: test-t}}]")),
    ("SAM: a policy template that reaches everything", "managed_policy",
     sam("Policies: [{CodePipelineLambdaExecutionPolicy: {}}]"), sam("Policies: [{CloudWatchPutMetricPolicy: {}}]")),
    ("SAM: an outside queue", "outside",
     sam("Events: {E: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:eu-west-1:111122223333:prod'}}}"),
     sam("Events: {E: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:eu-west-1:111122223333:test-q'}}}")),
    ("SAM: an outside topic", "outside",
     sam("Events: {E: {Type: SNS, Properties: {Topic: 'arn:aws:sns:eu-west-1:111122223333:prod'}}}"),
     sam("Events: {E: {Type: SNS, Properties: {Topic: 'arn:aws:sns:eu-west-1:111122223333:test-t'}}}")),
    ("SAM: an outside bus", "outside",
     sam("Events: {E: {Type: EventBridgeRule, Properties: {EventBusName: prod, Pattern: {source: [a]}}}}"),
     sam("Events: {E: {Type: EventBridgeRule, Properties: {EventBusName: default, Pattern: {source: [a]}}}}")),
    ("SAM: a rule's name", "outside",
     sam("Events: {E: {Type: Schedule, Properties: {Name: prod, Schedule: rate(1 day)}}}"),
     sam("Events: {E: {Type: Schedule, Properties: {Name: test-r, Schedule: rate(1 day)}}}")),
    ("SAM: an unknown event", "unknown_type", sam("Events: {E: {Type: IoTRule, Properties: {}}}"),
     sam("Events: {E: {Type: Api, Properties: {Path: /, Method: GET}}}")),
    ("a function for everybody, though its address may be", "trust",
     resource("AWS::Lambda::Permission", "FunctionName: test-f\nPrincipal: '*'\nAction: lambda:InvokeFunction\n"
              "FunctionUrlAuthType: NONE"),
     resource("AWS::Lambda::Permission", "FunctionName: test-f\nPrincipal: '*'\nAction: lambda:InvokeFunctionUrl\n"
              "FunctionUrlAuthType: NONE")),
    ("SAM: an application that nobody has read", "unresolvable", sam("Location: s3://b/k", kind="Application"),
     sam("TableName: test-t", kind="SimpleTable")),
    ("SAM: an application of a repository", "account_wide",
     sam("Location: {ApplicationId: 'arn:aws:serverlessrepo:eu-west-1:111122223333:applications/a'}",
         kind="Application"),
     sam("TableName: test-t", kind="SimpleTable")),
    ("SAM: a connector", "account_wide",
     sam("{}", kind="SimpleTable") + "    Connectors: {C: {Properties: {Destination: {Id: X}, Permissions: [Read]}}}\n",
     sam("{}", kind="SimpleTable")),
    ("SAM: a layer is named after its logical id", "outside", sam("ContentUri: x", kind="LayerVersion"),
     sam("LayerName: test-l\nContentUri: x", kind="LayerVersion")),
    ("SAM: an outside name from Globals", "outside",
     sam("{}", more="Globals: {Function: {DeadLetterQueue: {Type: SQS, TargetArn: "
         "'arn:aws:sqs:eu-west-1:111122223333:prod'}}}\n"),
     sam("{}", more="Globals: {Function: {DeadLetterQueue: {Type: SQS, TargetArn: "
         "'arn:aws:sqs:eu-west-1:111122223333:test-q'}}}\n")),
    ("a policy that nobody knows yet", "unresolvable",
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [test-r]\nPolicyDocument: !GetAtt C.Document",
              more=CUSTOM),
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [test-r]\nPolicyDocument: {Statement: []}",
              more=CUSTOM)),
    ("a statement that nobody knows yet", "unresolvable",
     role("[{Effect: Allow, Action: 's3:GetObject', Resource: !ImportValue bucket}]"),
     role("[{Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::test-b/*'}]")),
    ("a policy as text", "escalates",
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [test-r]\n"
              """PolicyDocument: '{"\\u0053tatement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'"""),
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [test-r]\n"
              """PolicyDocument: '{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'""")),
    ("an outside trigger of a user pool", "outside",
     resource("AWS::Cognito::UserPool", LAMBDA % "prod"),
     resource("AWS::Cognito::UserPool", LAMBDA % "test-f")),
    ("an unknown trigger of a user pool", "unresolvable",
     resource("AWS::Cognito::UserPool", "LambdaConfig: {PreSignUp: !Ref P}", more="Parameters: {P: {Type: String}}\n"),
     resource("AWS::Cognito::UserPool", "LambdaConfig: {PreSignUp: !GetAtt F.Arn}",
              more=FUNCTION)),
    ("an outside bucket of code", "outside", OWN_ROLE.replace(CODE, "{S3Bucket: prod, S3Key: k}"),
     OWN_ROLE.replace(CODE, "{S3Bucket: test-b, S3Key: k}")),
    ("another region's table", "grants_outside",
     role("[{Effect: Allow, Action: 'dynamodb:*', Resource: 'arn:aws:dynamodb:us-east-1:111122223333:table/test-x'}]"),
     role("[{Effect: Allow, Action: 'dynamodb:*', Resource: 'arn:aws:dynamodb:eu-west-1:111122223333:table/test-x'}]")),
    ("members named after each other", "unresolvable",
     table("!Sub 'test-${U}'")
     + "  U:\n    Type: AWS::DynamoDB::Table\n    Properties: {TableName: !Sub 'test-${T}'}\n",
     table("!Sub 'test-${U}'") + "  U:\n    Type: AWS::DynamoDB::Table\n    Properties: {TableName: test-u}\n"),
    ("an integration with the caller's own credentials", "outside",
     resource("AWS::ApiGateway::Method", "RestApiId: !Ref A\nIntegration: {Credentials: 'arn:aws:iam::*:user/*'}",
              more=API),
     resource("AWS::ApiGateway::Method", "RestApiId: !Ref A\nIntegration: {Type: MOCK}",
              more=API)),
    ("an outside network", "outside", resource("AWS::EC2::SecurityGroup", "GroupDescription: d\nVpcId: vpc-1"),
     resource("AWS::EC2::SecurityGroup", "GroupDescription: d")),
    ("a copy in another region", "outside",
     resource("AWS::DynamoDB::GlobalTable", "TableName: test-x\nReplicas: [{Region: eu-west-1}, {Region: us-east-1}]"),
     resource("AWS::DynamoDB::GlobalTable", "TableName: test-x\nReplicas: [{Region: eu-west-1}]")),
    ("a database from somebody's snapshot", "outside",
     resource("AWS::RDS::DBInstance", "DBInstanceIdentifier: test-d\nDBSnapshotIdentifier: prod"),
     resource("AWS::RDS::DBSubnetGroup", "DBSubnetGroupName: test-d")),
    ("a role named through a group of a user pool", "outside",
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [!Ref G]\nPolicyDocument: {Statement: []}",
              more="  G: {Type: 'AWS::Cognito::UserPoolGroup', Properties: {GroupName: admin, UserPoolId: !Ref P}}\n"
              "  P: {Type: 'AWS::Cognito::UserPool'}\n"),
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [!Ref G]\nPolicyDocument: {Statement: []}",
              more="  G: {Type: 'AWS::Cognito::UserPoolGroup', Properties: {GroupName: test-g, UserPoolId: !Ref P}}\n"
              "  P: {Type: 'AWS::Cognito::UserPool'}\n")),
    ("a role named by a custom resource", "unresolvable",
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [!Ref C]\nPolicyDocument: {Statement: []}", more=CUSTOM),
     resource("AWS::IAM::Policy", "PolicyName: p\nRoles: [test-r]\nPolicyDocument: {Statement: []}", more=CUSTOM)),
    ("properties from a map", "unresolvable", of_map("!FindInMap [M, a, all]"), of_map("{TableName: test-x}")),
    ("properties from a list", "unresolvable", of_map("!Select [0, [{TableName: test-x}]]"),
     of_map("{TableName: !Select [0, [test-x]]}")),
    ("properties from a condition", "unresolvable", of_map("!If [Dev, {TableName: test-x}, {}]"),
     of_map("{TableName: !If [Dev, test-x, test-y]}")),
    ("properties from a reference", "unresolvable", of_map("!Ref M"), of_map("{}")),
    ("properties that are included", "unresolvable", of_map("{'Fn::Transform': {Name: 'AWS::Include'}}"), of_map("{}")),
    ("SAM: properties from a condition", "unresolvable",
     CONDITION + sam("!If [Dev, {TableName: test-x}, {}]", kind="SimpleTable"),
     CONDITION + sam("TableName: !If [Dev, test-x, test-y]", kind="SimpleTable")),
    ("SAM: globals from a condition", "unresolvable",
     CONDITION + "Globals: {SimpleTable: !If [Dev, {TableName: test-x}, {}]}\n" + sam("{}", kind="SimpleTable"),
     CONDITION + "Globals: {SimpleTable: {TableName: test-x}}\n" + sam("{}", kind="SimpleTable")),
    ("SAM: an event's properties from a condition", "unknown_type",
     CONDITION + sam("CodeUri: s3://test-b/k\nEvents: {E: {Type: SNS, Properties: !If [Dev, {Topic: !Ref O}, {}]}}",
                     more="  O: {Type: 'AWS::SNS::Topic'}\n"),
     CONDITION + sam("CodeUri: s3://test-b/k\nEvents: {E: {Type: SNS, Properties: {Topic: !Ref O}}}",
         more="  O: {Type: 'AWS::SNS::Topic'}\n")),
    ("SAM: policies beside a role that is not there", "managed_policy",
     sam("CodeUri: s3://test-b/k\nRole: !Ref AWS::NoValue\nPolicies: [AdministratorAccess]"),
     sam("CodeUri: s3://test-b/k\nPolicies: [AWSLambdaBasicExecutionRole]")),
    ("hooks of an update", "unresolvable",
     table("test-x") + "    UpdatePolicy: {CodeDeployLambdaAliasUpdate: {BeforeAllowTrafficHook: prod}}\n",
     table("test-x") + "    UpdatePolicy: {EnableVersionUpgrade: true}\n"),
    ("a dynamic reference beside the properties", "outside",
     table("test-x") + "    Metadata: {A: '{{resolve:ssm:/prod/x}}'}\n",
     table("test-x") + "    Metadata: {A: '{{resolve:ssm:/test-x}}'}\n"),
    ("a parameter of a pseudo parameter's name", "malformed",
     table("test-x", sections="Parameters: {'AWS::StackName': {Type: String, Default: prod}}"),
     table("test-x", sections="Parameters: {StackName: {Type: String, Default: prod}}")),
    ("a map of a pseudo parameter's name", "malformed", table("test-x", sections="Mappings: {'AWS::StackName': prod}"),
     table("test-x", sections="Mappings: {StackName: {a: {b: prod}}}")),
    ("a map of a resource's name", "malformed", table("test-x", sections="Mappings: {T: prod}"),
     table("test-x", sections="Mappings: {U: {a: {b: prod}}}")),
    ("a map that is included", "unresolvable",
     table("test-x", sections="Mappings: {M: {'Fn::Transform': {Name: 'AWS::Include'}}}"),
     table("test-x", sections="Mappings: {M: {a: {b: prod}}}")),
    ("a parameter that is included", "unresolvable",
     table("test-x", sections="Parameters: {P: {Type: String, 'Fn::Transform': {Name: 'AWS::Include'}}}"),
     table("test-x", sections="Parameters: {P: {Type: String}}")),
    ("a dynamic parameter", "outside", stored("!Ref P", "{{resolve:secretsmanager:prod}}"),
     stored("!Ref P", "{{resolve:secretsmanager:test-x}}")),
    ("a dynamic parameter that nothing uses", "outside", stored("x", "{{resolve:ssm-secure:/prod/x}}"),
     stored("x", "{{resolve:ssm-secure:/test-x}}")),
    ("a dynamic entry of a list", "outside",
     stored("!Select [1, !Ref P]", "a,{{resolve:ssm:/prod/x}}", kind="CommaDelimitedList"),
     stored("!Select [1, !Ref P]", "a,{{resolve:ssm:/test-x}}", kind="CommaDelimitedList")),
    ("a dynamic text in a map", "outside",
     stored("!FindInMap [M, a, b]", sections="Mappings: {M: {a: {b: '{{resolve:ssm:/prod/x}}'}}}\n"),
     stored("!FindInMap [M, a, b]", sections="Mappings: {M: {a: {b: '{{resolve:ssm:/test-x}}'}}}\n")),
    ("a dynamic text behind a condition", "outside",
     stored("!If [C, !Ref P, x]", "{{resolve:ssm:/prod/x}}", sections="Conditions: {C: !Equals [a, a]}\n"),
     stored("!If [C, !Ref P, x]", "{{resolve:ssm:/test-x}}", sections="Conditions: {C: !Equals [a, a]}\n")),
    ("a dynamic text joined from parameters", "outside", stored("!Join [resolve, ['{{', !Ref P]]", ":ssm:/prod/x}}"),
     stored("!Join [resolve, ['{{', !Ref P]]", ":ssm:/test-x}}")),
    ("a dynamic text from a list joined", "outside",
     stored("!Select [1, !Split ['|', !Join ['{', ['a|', !Ref P]]]]", "{resolve:ssm:/prod/x}}"),
     stored("!Select [1, !Split ['|', !Join ['{', ['a|', !Ref P]]]]", "{resolve:ssm:/test-x}}")),
    ("a dynamic text in Sub's own variable", "outside", stored("!Sub ['{{${A}', {A: !Ref P}]", "resolve:ssm:/prod/x}}"),
     stored("!Sub ['{{${A}', {A: !Ref P}]", "resolve:ssm:/test-x}}")),
    ("a dynamic text beside what is not known", "unresolvable",
     stored("!Join ['', ['{{resolve:ssm:/prod', !Base64 '', '}}']]"), stored("!Join ['', [x, !Base64 '', '}}']]")),
    ("a dynamic text around what is not known", "unresolvable",
     stored("!Join ['', ['{', !Base64 '', '{resolve:ssm:/prod/x}}']]"), stored("!Join ['', [x, !Base64 '', '}}']]")),
    ("a dynamic text beside a boolean", "unresolvable", stored("!Join ['', ['{{resolve:ssm:/prod', true, '}}']]"),
     stored("!Join ['', [x, y, '}}']]")),
    ("a dynamic text cut beside a member's value", "unresolvable",
     stored("!Join ['', [!Select [0, !Split ['|', !Sub '{{res|${Q}']], 'olve:ssm:/prod}}']]")
     + "  Q: {Type: 'AWS::SQS::Queue'}\n",
     stored("!Select [0, !Split ['|', !Sub 'res|${Q}']]") + "  Q: {Type: 'AWS::SQS::Queue'}\n"),
    ("a map read by a key that is not known", "unresolvable",
     stored("!FindInMap [M, a, true]", sections="Mappings: {M: {a: {true: prod}}}\n"),
     stored("!FindInMap [M, a, 'true']", sections="Mappings: {M: {a: {true: prod}}}\n")),
    ("a parameter of Parameter Store", "outside", stored("x", "/prod/x", kind="AWS::SSM::Parameter::Value<String>"),
     stored("x", "/test-x", kind="AWS::SSM::Parameter::Value<String>")),
    ("another than the version of CDK's bootstrap", "outside",
     stored("x", "/cdk-bootstrap/hnb659fds/key", kind="AWS::SSM::Parameter::Value<String>"),
     stored("x", "/cdk-bootstrap/hnb659fds/version", kind="AWS::SSM::Parameter::Value<String>")),
    ("a version of one", "outside", stored("x", "/prod/x:3", kind="AWS::SSM::Parameter::Value<String>"),
     stored("x", "/test-x:3", kind="AWS::SSM::Parameter::Value<String>")),
    ("a list of Parameter Store", "outside",
     stored("!Select [0, !Ref P]", "/prod/x", kind="AWS::SSM::Parameter::Value<List<String>>"),
     stored("!Join ['', !Ref P]", "/aws/service/a/x", kind="AWS::SSM::Parameter::Value<List<String>>")),
    ("a name in Parameter Store, which an emulator reads", "outside",
     stored("!Ref P", "/prod/x", kind="AWS::SSM::Parameter::Name"),
     stored("!Ref P", "/aws/service/a/x", kind="AWS::SSM::Parameter::Name")),
    ("an outside function beside what is not known", "unresolvable",
     integration("!Join ['', ['arn:aws:lambda:eu-west-1:111122223333:function:prod', !Base64 '']]"),
     integration("!Join ['', ['arn:aws:lambda:eu-west-1:111122223333:function:test-f']]")),
    ("an entry that moves up", "unresolvable", table("!Select [1, [!Ref 'AWS::NoValue', prod, test-x]]"),
     table("!Select [1, [prod, test-x]]")),
    ("a list that is joined without an entry", "unresolvable", table("!Join ['', [!Ref 'AWS::NoValue', test-x]]"),
     table("!Join ['', ['', test-x]]")),
    ("a variable without braces", "unresolvable",
     integration("!Sub ['$X', {X: 'arn:aws:lambda:eu-west-1:111122223333:function:prod'}]"),
     integration("!Sub ['$Y${X}', {X: 'arn:aws:lambda:eu-west-1:111122223333:function:test-f'}]")),
    ("a variable in a variable", "unresolvable",
     integration("!Sub ['${X}', {X: '${Y}', Y: 'arn:aws:lambda:eu-west-1:111122223333:function:prod'}]"),
     integration("!Sub ['${X}', {X: '{Y}', Y: 'arn:aws:lambda:eu-west-1:111122223333:function:test-f'}]")),
    ("a variable that has the name of an attribute", "unresolvable",
     table("!Sub ['${Q.Arn}', {Q.Arn: test-x}]") + "  Q: {Type: 'AWS::SQS::Queue'}\n",
     table("!Sub ['${Q}', {Q: test-x}]") + "  Q: {Type: 'AWS::SQS::Queue'}\n"),
    ("a type of parameter that readers split", "unresolvable",
     table("!Ref Name", sections="Parameters: {Name: {Type: Listed, Default: 'test-x'}}"),
     table("!Ref Name", sections="Parameters: {Name: {Type: 'AWS::EC2::Image::Id', Default: 'test-x'}}")),
    ("a condition on a dynamic parameter", "outside",
     table("!If [Dev, prod, test-x]", sections=CONDITION.replace("dev\nC", "'{{resolve:ssm:/test-x}}'\nC")),
     table("!If [Dev, test-y, test-x]", sections=CONDITION.replace("dev\nC", "'{{resolve:ssm:/test-x}}'\nC"))),
    ("SAM: an outside bucket of code", "outside", sam("CodeUri: s3://prod/k"), sam("CodeUri: s3://test-b/k")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "attack"), [(t[1], t[2]) for t in TWINS], ids=[t[0] for t in TWINS])
def test_an_attack_is_found(code: str, attack: str, problems: Problems) -> None:
    found = problems(attack)
    assert code in {problem.code for problem in found}
    assert all(problem.path and problem.why and problem.remedy for problem in found)


@pytest.mark.parametrize("twin", [t[3] for t in TWINS], ids=[t[0] for t in TWINS])
def test_its_twin_is_clean(twin: str, problems: Problems) -> None:
    assert problems(twin) == ()


@pytest.mark.parametrize(("value", "found"), [("prod", ["outside"]), ("test-x", [])])
def test_a_name_from_the_calls_parameters(value: str, found: list[str], problems: Problems) -> None:
    text = table("!Ref Name", sections=PARAMETER.format("test-default"))
    assert [problem.code for problem in problems(text, Name=value)] == found


def test_the_problem_names_place_and_value(problems: Problems) -> None:
    (problem,) = problems(table("!Sub 'prod-${AWS::StackName}'"))
    assert (problem.path, problem.value) == ("Resources.T.Properties.TableName", "prod-test-ab")


def test_what_outlives_the_stack_is_told_not_refused(problems: Problems, members: Any) -> None:
    text = table("test-x") + "    DeletionPolicy: Retain\n"
    assert problems(text) == ()
    assert members(text)["T"].kept
    assert not members(table("test-x"))["T"].kept
