# ruff: noqa: E501 - a table is read by its columns
"""What a run leaves is counted, type by type: made, seen, deleted, gone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from sandgate.run import Run

Clients = Callable[[str], Any]
Made = dict[str, Any]
NAME = "test-left"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
ROLE = "arn:aws:iam::000000000000:role/test"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:test"
ZIP = base64.b64decode("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==")
HASH = [{"AttributeName": "id", "KeyType": "HASH"}]
ATTRIBUTES = [{"AttributeName": "id", "AttributeType": "S"}]
VISIBLE = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
ORIGIN = {
    "Id": "o",
    "DomainName": "o.example.com",
    "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
}
DISTRIBUTION = {
    "CallerReference": NAME,
    "Comment": "",
    "Enabled": False,
    "Origins": {"Quantity": 1, "Items": [ORIGIN]},
    "DefaultCacheBehavior": {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    },
}
COMPUTE = {"type": "FARGATE", "maxvCpus": 1, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
CONTAINER = {
    "image": "busybox",
    "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
}


class Case(NamedTuple):
    """How a resource of a type is made and deleted."""

    type: str
    service: str
    make: Callable[[Any], Made]
    delete: Callable[[Any, Made], object] | None
    """`None` where the emulator has no call that deletes one."""


def _off(client: Any, made: Made) -> None:
    """A distribution is deleted by its version."""
    client.delete_distribution(Id=made["Distribution"]["Id"], IfMatch=made["ETag"])


CASES = (
    Case("AWS::DynamoDB::Table", "dynamodb", lambda c: c.create_table(TableName=NAME, KeySchema=HASH, AttributeDefinitions=ATTRIBUTES, BillingMode="PAY_PER_REQUEST"), lambda c, _: c.delete_table(TableName=NAME)),
    Case("AWS::SQS::Queue", "sqs", lambda c: c.create_queue(QueueName=NAME), lambda c, m: c.delete_queue(QueueUrl=m["QueueUrl"])),
    Case("AWS::S3::Bucket", "s3", lambda c: c.create_bucket(Bucket=NAME), lambda c, _: c.delete_bucket(Bucket=NAME)),
    Case("AWS::SNS::Topic", "sns", lambda c: c.create_topic(Name=NAME), lambda c, m: c.delete_topic(TopicArn=m["TopicArn"])),
    Case("AWS::SNS::PlatformApplication", "sns", lambda c: c.create_platform_application(Name=NAME, Platform="GCM", Attributes={"PlatformCredential": "x"}), lambda c, m: c.delete_platform_application(PlatformApplicationArn=m["PlatformApplicationArn"])),
    Case("AWS::Lambda::Function", "lambda", lambda c: c.create_function(FunctionName=NAME, Runtime="python3.12", Role=ROLE, Handler="a.b", Code={"ZipFile": ZIP}), lambda c, _: c.delete_function(FunctionName=NAME)),
    Case("AWS::Lambda::LayerVersion", "lambda", lambda c: c.publish_layer_version(LayerName=NAME, Content={"ZipFile": ZIP}), lambda c, m: c.delete_layer_version(LayerName=NAME, VersionNumber=m["Version"])),
    Case("AWS::ApiGateway::RestApi", "apigateway", lambda c: c.create_rest_api(name=NAME), lambda c, m: c.delete_rest_api(restApiId=m["id"])),
    Case("AWS::ApiGateway::ApiKey", "apigateway", lambda c: c.create_api_key(name=NAME), lambda c, m: c.delete_api_key(apiKey=m["id"])),
    Case("AWS::ApiGateway::UsagePlan", "apigateway", lambda c: c.create_usage_plan(name=NAME), lambda c, m: c.delete_usage_plan(usagePlanId=m["id"])),
    Case("AWS::ApiGateway::DomainName", "apigateway", lambda c: c.create_domain_name(domainName="left.example.com", certificateArn="arn:aws:acm:us-east-1:000000000000:certificate/x"), lambda c, _: c.delete_domain_name(domainName="left.example.com")),
    Case("AWS::ApiGatewayV2::Api", "apigatewayv2", lambda c: c.create_api(Name=NAME, ProtocolType="HTTP"), lambda c, m: c.delete_api(ApiId=m["ApiId"])),
    Case("AWS::Cognito::UserPool", "cognito-idp", lambda c: c.create_user_pool(PoolName=NAME), lambda c, m: c.delete_user_pool(UserPoolId=m["UserPool"]["Id"])),
    Case("AWS::Cognito::IdentityPool", "cognito-identity", lambda c: c.create_identity_pool(IdentityPoolName=NAME, AllowUnauthenticatedIdentities=True), lambda c, m: c.delete_identity_pool(IdentityPoolId=m["IdentityPoolId"])),
    Case("AWS::SecretsManager::Secret", "secretsmanager", lambda c: c.create_secret(Name=NAME, SecretString="x"), lambda c, _: c.delete_secret(SecretId=NAME)),
    Case("AWS::SSM::Parameter", "ssm", lambda c: c.put_parameter(Name=NAME, Value="x", Type="String"), lambda c, _: c.delete_parameter(Name=NAME)),
    Case("AWS::Kinesis::Stream", "kinesis", lambda c: c.create_stream(StreamName=NAME, ShardCount=1), lambda c, _: c.delete_stream(StreamName=NAME)),
    Case("AWS::KinesisFirehose::DeliveryStream", "firehose", lambda c: c.create_delivery_stream(DeliveryStreamName=NAME, ExtendedS3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::test"}), lambda c, _: c.delete_delivery_stream(DeliveryStreamName=NAME)),
    Case("AWS::StepFunctions::StateMachine", "stepfunctions", lambda c: c.create_state_machine(name=NAME, roleArn=ROLE, definition='{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}'), lambda c, m: c.delete_state_machine(stateMachineArn=m["stateMachineArn"])),
    Case("AWS::StepFunctions::Activity", "stepfunctions", lambda c: c.create_activity(name=NAME), lambda c, m: c.delete_activity(activityArn=m["activityArn"])),
    Case("AWS::Events::Rule", "events", lambda c: c.put_rule(Name=NAME, ScheduleExpression="rate(1 day)", State="DISABLED"), lambda c, _: c.delete_rule(Name=NAME)),
    Case("AWS::Events::EventBus", "events", lambda c: c.create_event_bus(Name=NAME), lambda c, _: c.delete_event_bus(Name=NAME)),
    Case("AWS::Events::Archive", "events", lambda c: c.create_archive(ArchiveName=NAME, EventSourceArn="arn:aws:events:us-east-1:000000000000:event-bus/default"), lambda c, _: c.delete_archive(ArchiveName=NAME)),
    Case("AWS::Events::Connection", "events", lambda c: c.create_connection(Name=NAME, AuthorizationType="API_KEY", AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}), lambda c, _: c.delete_connection(Name=NAME)),
    Case("AWS::Scheduler::Schedule", "scheduler", lambda c: c.create_schedule(Name=NAME, ScheduleExpression="rate(1 day)", State="DISABLED", FlexibleTimeWindow={"Mode": "OFF"}, Target={"Arn": QUEUE, "RoleArn": ROLE}), lambda c, _: c.delete_schedule(Name=NAME)),
    Case("AWS::Scheduler::ScheduleGroup", "scheduler", lambda c: c.create_schedule_group(Name=NAME), lambda c, _: c.delete_schedule_group(Name=NAME)),
    Case("AWS::Pipes::Pipe", "pipes", lambda c: c.create_pipe(Name=NAME, RoleArn=ROLE, Source=QUEUE, Target=QUEUE, DesiredState="STOPPED"), lambda c, _: c.delete_pipe(Name=NAME)),
    Case("AWS::Logs::LogGroup", "logs", lambda c: c.create_log_group(logGroupName=NAME), lambda c, _: c.delete_log_group(logGroupName=NAME)),
    Case("AWS::CloudWatch::Alarm", "cloudwatch", lambda c: c.put_metric_alarm(AlarmName=NAME, MetricName="m", Namespace="n", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold"), lambda c, _: c.delete_alarms(AlarmNames=[NAME])),
    Case("AWS::CloudWatch::CompositeAlarm", "cloudwatch", lambda c: c.put_composite_alarm(AlarmName=NAME, AlarmRule="TRUE"), lambda c, _: c.delete_alarms(AlarmNames=[NAME])),
    Case("AWS::CloudWatch::Dashboard", "cloudwatch", lambda c: c.put_dashboard(DashboardName=NAME, DashboardBody='{"widgets":[]}'), lambda c, _: c.delete_dashboards(DashboardNames=[NAME])),
    Case("AWS::ECR::Repository", "ecr", lambda c: c.create_repository(repositoryName=NAME), lambda c, _: c.delete_repository(repositoryName=NAME)),
    Case("AWS::KMS::Key", "kms", lambda c: c.create_key(), lambda c, m: c.schedule_key_deletion(KeyId=m["KeyMetadata"]["KeyId"])),
    Case("AWS::IAM::User", "iam", lambda c: c.create_user(UserName=NAME), lambda c, _: c.delete_user(UserName=NAME)),
    Case("AWS::IAM::Role", "iam", lambda c: c.create_role(RoleName=NAME, AssumeRolePolicyDocument=TRUST), lambda c, _: c.delete_role(RoleName=NAME)),
    Case("AWS::IAM::ManagedPolicy", "iam", lambda c: c.create_policy(PolicyName=NAME, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})), lambda c, m: c.delete_policy(PolicyArn=m["Policy"]["Arn"])),
    Case("AWS::IAM::InstanceProfile", "iam", lambda c: c.create_instance_profile(InstanceProfileName=NAME), lambda c, _: c.delete_instance_profile(InstanceProfileName=NAME)),
    Case("AWS::IAM::Group", "iam", lambda c: c.create_group(GroupName=NAME), lambda c, _: c.delete_group(GroupName=NAME)),
    Case("AWS::IAM::OIDCProvider", "iam", lambda c: c.create_open_id_connect_provider(Url="https://left.example.com", ThumbprintList=["0" * 40]), lambda c, m: c.delete_open_id_connect_provider(OpenIDConnectProviderArn=m["OpenIDConnectProviderArn"])),
    Case("AWS::EC2::Instance", "ec2", lambda c: c.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, InstanceType="t3.micro"), lambda c, m: c.terminate_instances(InstanceIds=[m["Instances"][0]["InstanceId"]])),
    Case("AWS::EC2::VPC", "ec2", lambda c: c.create_vpc(CidrBlock="10.9.0.0/16"), lambda c, m: c.delete_vpc(VpcId=m["Vpc"]["VpcId"])),
    Case("AWS::EC2::Subnet", "ec2", lambda c: c.create_subnet(VpcId=_default_vpc(c), CidrBlock="172.31.240.0/24"), lambda c, m: c.delete_subnet(SubnetId=m["Subnet"]["SubnetId"])),
    Case("AWS::EC2::SecurityGroup", "ec2", lambda c: c.create_security_group(GroupName=NAME, Description="x"), lambda c, m: c.delete_security_group(GroupId=m["GroupId"])),
    Case("AWS::EC2::Volume", "ec2", lambda c: c.create_volume(AvailabilityZone="us-east-1a", Size=1), lambda c, m: c.delete_volume(VolumeId=m["VolumeId"])),
    Case("AWS::EC2::KeyPair", "ec2", lambda c: c.create_key_pair(KeyName=NAME), lambda c, _: c.delete_key_pair(KeyName=NAME)),
    Case("AWS::EC2::EIP", "ec2", lambda c: c.allocate_address(Domain="vpc"), lambda c, m: c.release_address(AllocationId=m["AllocationId"])),
    Case("AWS::EC2::LaunchTemplate", "ec2", lambda c: c.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData={"InstanceType": "t3.micro"}), lambda c, _: c.delete_launch_template(LaunchTemplateName=NAME)),
    Case("AWS::EC2::VPCEndpoint", "ec2", lambda c: c.create_vpc_endpoint(VpcId=_default_vpc(c), ServiceName="com.amazonaws.us-east-1.s3"), lambda c, m: c.delete_vpc_endpoints(VpcEndpointIds=[m["VpcEndpoint"]["VpcEndpointId"]])),
    Case("AWS::ElasticLoadBalancingV2::LoadBalancer", "elbv2", lambda c: c.create_load_balancer(Name=NAME, Subnets=["subnet-00000001", "subnet-00000002"]), lambda c, m: c.delete_load_balancer(LoadBalancerArn=m["LoadBalancers"][0]["LoadBalancerArn"])),
    Case("AWS::ElasticLoadBalancingV2::TargetGroup", "elbv2", lambda c: c.create_target_group(Name=NAME, Protocol="HTTP", Port=80, VpcId="vpc-00000001"), lambda c, m: c.delete_target_group(TargetGroupArn=m["TargetGroups"][0]["TargetGroupArn"])),
    Case("AWS::AutoScaling::LaunchConfiguration", "autoscaling", lambda c: c.create_launch_configuration(LaunchConfigurationName=NAME, ImageId="ami-12345678", InstanceType="t3.micro"), lambda c, _: c.delete_launch_configuration(LaunchConfigurationName=NAME)),
    Case("AWS::ECS::Cluster", "ecs", lambda c: c.create_cluster(clusterName=NAME), lambda c, _: c.delete_cluster(cluster=NAME)),
    Case("AWS::ECS::TaskDefinition", "ecs", lambda c: c.register_task_definition(family=NAME, containerDefinitions=[{"name": "a", "image": "busybox", "memory": 64}]), lambda c, m: c.deregister_task_definition(taskDefinition=m["taskDefinition"]["taskDefinitionArn"])),
    Case("AWS::Batch::ComputeEnvironment", "batch", lambda c: c.create_compute_environment(computeEnvironmentName=NAME, type="MANAGED", state="DISABLED", computeResources=COMPUTE), None),
    Case("AWS::Batch::JobDefinition", "batch", lambda c: c.register_job_definition(jobDefinitionName=NAME, type="container", containerProperties=CONTAINER), None),
    Case("AWS::RDS::DBInstance", "rds", lambda c: c.create_db_instance(DBInstanceIdentifier=NAME, DBInstanceClass="db.t3.micro", Engine="postgres", MasterUsername="u", MasterUserPassword="password-x", AllocatedStorage=20), lambda c, _: c.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)),
    Case("AWS::RDS::DBCluster", "rds", lambda c: c.create_db_cluster(DBClusterIdentifier=NAME, Engine="aurora-postgresql", MasterUsername="u", MasterUserPassword="password-x"), lambda c, _: c.delete_db_cluster(DBClusterIdentifier=NAME, SkipFinalSnapshot=True)),
    Case("AWS::RDS::DBSubnetGroup", "rds", lambda c: c.create_db_subnet_group(DBSubnetGroupName=NAME, DBSubnetGroupDescription="x", SubnetIds=["subnet-00000001", "subnet-00000002"]), lambda c, _: c.delete_db_subnet_group(DBSubnetGroupName=NAME)),
    Case("AWS::RDS::DBParameterGroup", "rds", lambda c: c.create_db_parameter_group(DBParameterGroupName=NAME, DBParameterGroupFamily="postgres16", Description="x"), lambda c, _: c.delete_db_parameter_group(DBParameterGroupName=NAME)),
    Case("AWS::ElastiCache::CacheCluster", "elasticache", lambda c: c.create_cache_cluster(CacheClusterId=NAME, Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1), lambda c, _: c.delete_cache_cluster(CacheClusterId=NAME)),
    Case("AWS::ElastiCache::ReplicationGroup", "elasticache", lambda c: c.create_replication_group(ReplicationGroupId=NAME, ReplicationGroupDescription="x", CacheNodeType="cache.t3.micro"), lambda c, _: c.delete_replication_group(ReplicationGroupId=NAME)),
    Case("AWS::EFS::FileSystem", "efs", lambda c: c.create_file_system(CreationToken=NAME), lambda c, m: c.delete_file_system(FileSystemId=m["FileSystemId"])),
    Case("AWS::OpenSearchService::Domain", "opensearch", lambda c: c.create_domain(DomainName=NAME), lambda c, _: c.delete_domain(DomainName=NAME)),
    Case("AWS::Glue::Database", "glue", lambda c: c.create_database(DatabaseInput={"Name": NAME}), lambda c, _: c.delete_database(Name=NAME)),
    Case("AWS::Glue::Crawler", "glue", lambda c: c.create_crawler(Name=NAME, Role=ROLE, DatabaseName="d", Targets={"S3Targets": [{"Path": "s3://test/x"}]}), lambda c, _: c.delete_crawler(Name=NAME)),
    Case("AWS::Glue::Job", "glue", lambda c: c.create_job(Name=NAME, Role=ROLE, Command={"Name": "glueetl", "ScriptLocation": "s3://test/x.py"}), lambda c, _: c.delete_job(JobName=NAME)),
    Case("AWS::Athena::WorkGroup", "athena", lambda c: c.create_work_group(Name=NAME), lambda c, _: c.delete_work_group(WorkGroup=NAME)),
    Case("AWS::Athena::DataCatalog", "athena", lambda c: c.create_data_catalog(Name="test_left", Type="GLUE", Parameters={"catalog-id": "000000000000"}), lambda c, _: c.delete_data_catalog(Name="test_left")),
    Case("AWS::Route53::HostedZone", "route53", lambda c: c.create_hosted_zone(Name="left.example.com", CallerReference=NAME), lambda c, m: c.delete_hosted_zone(Id=m["HostedZone"]["Id"])),
    Case("AWS::Route53::HealthCheck", "route53", lambda c: c.create_health_check(CallerReference=NAME, HealthCheckConfig={"Type": "HTTP", "IPAddress": "192.0.2.1", "Port": 80}), lambda c, m: c.delete_health_check(HealthCheckId=m["HealthCheck"]["Id"])),
    Case("AWS::CloudFront::Distribution", "cloudfront", lambda c: c.create_distribution(DistributionConfig=DISTRIBUTION), _off),
    Case("AWS::CertificateManager::Certificate", "acm", lambda c: c.request_certificate(DomainName="left.example.com"), lambda c, m: c.delete_certificate(CertificateArn=m["CertificateArn"])),
    Case("AWS::WAFv2::WebACL", "wafv2", lambda c: c.create_web_acl(Name=NAME, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=VISIBLE), lambda c, m: c.delete_web_acl(Name=NAME, Scope="REGIONAL", Id=m["Summary"]["Id"], LockToken=m["Summary"]["LockToken"])),
    Case("AWS::WAFv2::IPSet", "wafv2", lambda c: c.create_ip_set(Name=NAME, Scope="REGIONAL", IPAddressVersion="IPV4", Addresses=[]), lambda c, m: c.delete_ip_set(Name=NAME, Scope="REGIONAL", Id=m["Summary"]["Id"], LockToken=m["Summary"]["LockToken"])),
    Case("AWS::AppSync::GraphQLApi", "appsync", lambda c: c.create_graphql_api(name=NAME, authenticationType="API_KEY"), lambda c, m: c.delete_graphql_api(apiId=m["graphqlApi"]["apiId"])),
    Case("AWS::AppSync::Api", "appsync", lambda c: c.create_api(name=NAME, eventConfig={"authProviders": [{"authType": "API_KEY"}], "connectionAuthModes": [{"authType": "API_KEY"}], "defaultPublishAuthModes": [{"authType": "API_KEY"}], "defaultSubscribeAuthModes": [{"authType": "API_KEY"}]}), lambda c, m: c.delete_api(apiId=m["api"]["apiId"])),
    Case("AWS::SES::EmailIdentity", "ses", lambda c: c.verify_email_identity(EmailAddress="left@example.com"), lambda c, _: c.delete_identity(Identity="left@example.com")),
    Case("AWS::SES::EmailIdentity", "sesv2", lambda c: c.create_email_identity(EmailIdentity="left2@example.com"), lambda c, _: c.delete_email_identity(EmailIdentity="left2@example.com")),
    Case("AWS::SES::Template", "ses", lambda c: c.create_template(Template={"TemplateName": NAME, "SubjectPart": "x"}), lambda c, _: c.delete_template(TemplateName=NAME)),
    Case("AWS::SES::ConfigurationSet", "ses", lambda c: c.create_configuration_set(ConfigurationSet={"Name": NAME}), lambda c, _: c.delete_configuration_set(ConfigurationSetName=NAME)),
    Case("AWS::Backup::BackupVault", "backup", lambda c: c.create_backup_vault(BackupVaultName=NAME), lambda c, _: c.delete_backup_vault(BackupVaultName=NAME)),
    Case("AWS::Backup::BackupPlan", "backup", lambda c: c.create_backup_plan(BackupPlan={"BackupPlanName": NAME, "Rules": [{"RuleName": "r", "TargetBackupVaultName": "v"}]}), lambda c, m: c.delete_backup_plan(BackupPlanId=m["BackupPlanId"])),
    Case("AWS::SES::ConfigurationSet", "sesv2", lambda c: c.create_configuration_set(ConfigurationSetName="test-left-2"), lambda c, _: c.delete_configuration_set(ConfigurationSetName="test-left-2")),
    Case("AWS::SES::Template", "sesv2", lambda c: c.create_email_template(TemplateName="test-left-2", TemplateContent={"Subject": "x"}), lambda c, _: c.delete_email_template(TemplateName="test-left-2")),
    Case("AWS::CloudTrail::Trail", "cloudtrail", lambda c: c.create_trail(Name=NAME, S3BucketName="test-trail"), lambda c, _: c.delete_trail(Name=NAME)),
    Case("AWS::CodeBuild::Project", "codebuild", lambda c: c.create_project(name=NAME, source={"type": "NO_SOURCE", "buildspec": "version: 0.2"}, artifacts={"type": "NO_ARTIFACTS"}, environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"}, serviceRole=ROLE), lambda c, _: c.delete_project(name=NAME)),
    Case("AWS::MSK::Cluster", "kafka", lambda c: c.create_cluster(ClusterName=NAME, KafkaVersion="3.5.1", NumberOfBrokerNodes=1, BrokerNodeGroupInfo={"InstanceType": "kafka.t3.small", "ClientSubnets": ["subnet-00000001"]}), lambda c, m: c.delete_cluster(ClusterArn=m["ClusterArn"])),
    Case("AWS::ServiceDiscovery::HttpNamespace", "servicediscovery", lambda c: c.create_http_namespace(Name=NAME), lambda c, _: c.delete_namespace(Id=c.list_namespaces()["Namespaces"][0]["Id"])),
    Case("AWS::EKS::Cluster", "eks", lambda c: c.create_cluster(name=NAME, roleArn=ROLE, resourcesVpcConfig={"subnetIds": ["subnet-00000001"]}), lambda c, _: c.delete_cluster(name=NAME)),
)  # fmt: skip


def _default_vpc(client: Any) -> str:
    return str(client.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"][0]["VpcId"])


@pytest.fixture(scope="module")
def counted(make_run: Callable[..., Any]) -> Iterator[Run]:
    """A run of this module's own: what others leave would be listed again and again.

    Without the guard: what is counted must not depend on what the guard knows.
    """
    with make_run(unsafe_no_guard=True) as own:
        own.deployer_clients()("iam").create_role(RoleName="test", AssumeRolePolicyDocument=TRUST)
        yield own


def _left(run: Run) -> set[tuple[str, str]]:
    found = run.leftovers()
    assert [each for each in found if each["unknown"]] == []
    return {(each["type"], each["name"]) for each in found}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.service}-{case.type.rpartition(':')[2]}")
def test_what_is_made_is_counted_until_it_is_deleted(case: Case, counted: Run) -> None:
    client = counted.deployer_clients()(case.service)
    before = _left(counted)
    made = case.make(client)
    new = _left(counted) - before
    assert [kind for kind, _ in new] == [case.type]
    if case.delete is not None:
        case.delete(client, made)
        assert _left(counted) == before


def _alias(client: Any) -> Made:
    key = client.create_key()["KeyMetadata"]["KeyId"]
    client.create_alias(AliasName=f"alias/{NAME}", TargetKeyId=key)
    return {"key": key}


def _no_alias(client: Any, made: Made) -> None:
    client.delete_alias(AliasName=f"alias/{NAME}")
    client.schedule_key_deletion(KeyId=made["key"])


def _backup(client: Any) -> Made:
    client.create_table(
        TableName="test-saved", KeySchema=HASH, AttributeDefinitions=ATTRIBUTES, BillingMode="PAY_PER_REQUEST"
    )
    return dict(client.create_backup(TableName="test-saved", BackupName=NAME)["BackupDetails"])


def _no_backup(client: Any, made: Made) -> None:
    client.delete_backup(BackupArn=made["BackupArn"])
    client.delete_table(TableName="test-saved")


def _destination(client: Any) -> Made:
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    made = client.create_connection(Name="test-to", AuthorizationType="API_KEY", AuthParameters=key)
    arn = made["ConnectionArn"]
    client.create_api_destination(
        Name=NAME, ConnectionArn=arn, InvocationEndpoint="https://a.example.com", HttpMethod="GET"
    )
    return {}


def _no_destination(client: Any, _: Made) -> None:
    client.delete_api_destination(Name=NAME)
    client.delete_connection(Name="test-to")


def _group(client: Any) -> Made:
    client.create_launch_configuration(
        LaunchConfigurationName="test-how", ImageId="ami-12345678", InstanceType="t3.micro"
    )
    how = {"LaunchConfigurationName": "test-how", "AvailabilityZones": ["us-east-1a"]}
    client.create_auto_scaling_group(AutoScalingGroupName=NAME, MinSize=0, MaxSize=0, **how)
    return {}


def _no_group(client: Any, _: Made) -> None:
    client.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)
    client.delete_launch_configuration(LaunchConfigurationName="test-how")


def _snapshot(client: Any) -> Made:
    what = {"DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20}
    client.create_db_instance(
        DBInstanceIdentifier="test-saved", MasterUsername="u", MasterUserPassword="password-x", **what
    )
    client.create_db_snapshot(DBSnapshotIdentifier=NAME, DBInstanceIdentifier="test-saved")
    return {}


def _no_snapshot(client: Any, _: Made) -> None:
    client.delete_db_snapshot(DBSnapshotIdentifier=NAME)
    client.delete_db_instance(DBInstanceIdentifier="test-saved", SkipFinalSnapshot=True)


def _gateway(client: Any) -> Made:
    made = client.create_nat_gateway(SubnetId="subnet-00000001", ConnectivityType="private")
    return dict(made["NatGateway"])


def _no_gateway(client: Any, made: Made) -> None:
    client.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])


PAIRS = (
    Case("AWS::KMS::Alias", "kms", _alias, _no_alias),
    Case("AWS::DynamoDB::Backup", "dynamodb", _backup, _no_backup),
    Case("AWS::Events::ApiDestination", "events", _destination, _no_destination),
    Case("AWS::AutoScaling::AutoScalingGroup", "autoscaling", _group, _no_group),
    Case("AWS::RDS::DBSnapshot", "rds", _snapshot, _no_snapshot),
    Case("AWS::EC2::NatGateway", "ec2", _gateway, _no_gateway),
)


@pytest.mark.parametrize("case", PAIRS, ids=lambda case: case.type.rpartition(":")[2])
def test_what_needs_something_else_is_counted_with_it(case: Case, counted: Run) -> None:
    client = counted.deployer_clients()(case.service)
    before = _left(counted)
    made = case.make(client)
    assert case.type in [kind for kind, _ in _left(counted) - before]
    assert case.delete is not None
    case.delete(client, made)
    assert _left(counted) == before


def test_an_event_source_mapping_is_counted(counted: Run) -> None:
    clients = counted.deployer_clients()
    queue = clients("sqs").create_queue(QueueName="test-source")["QueueUrl"]
    function = {"Runtime": "python3.12", "Role": ROLE, "Handler": "a.b", "Code": {"ZipFile": ZIP}}
    clients("lambda").create_function(FunctionName="test-mapped", **function)
    arn = clients("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    before = _left(counted)
    made = clients("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName="test-mapped", Enabled=False)
    assert _left(counted) - before == {("AWS::Lambda::EventSourceMapping", made["UUID"])}
    clients("lambda").delete_event_source_mapping(UUID=made["UUID"])
    assert _left(counted) == before


def test_logs_that_functions_and_apis_make_silently_are_not_the_users(counted: Run) -> None:
    logs = counted.deployer_clients()("logs")
    before = _left(counted)
    for name in ("/aws/lambda/test", "/aws/apigateway/test", "/aws/other/test"):
        logs.create_log_group(logGroupName=name)
    assert _left(counted) - before == {("AWS::Logs::LogGroup", "/aws/other/test")}


def test_an_emulator_starts_empty_and_says_what_it_cannot_list(make_run: Callable[..., Any]) -> None:
    with make_run(unsafe_no_guard=True) as run:
        clients = run.clients()
        clients("cloudformation").list_stacks()
        assert run.leftovers() == [], "a stack call has every service listed"
        # A call that failed has made nothing, and one that reads makes nothing.
        with pytest.raises(ClientError):
            clients("transfer").create_user(ServerId="s-00000000000000000", UserName="test", Role=ROLE)
        clients("transfer").list_servers()
        assert run.leftovers() == []
        clients("transfer").create_server()
        (left,) = run.leftovers()
        assert (left["type"], left["name"]) == ("", "transfer")
        assert left["unknown"] == "CreateServer succeeded, and sandgate knows no call that lists what is there"
