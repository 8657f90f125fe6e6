# ruff: noqa: E501 - a table is read by its columns
"""What can be left in AWS, and the call that lists it: one table, read by `_leftovers`.

The facts (protocol, version, operations, members) are those of the AWS service models, and a test compares them with
the installed botocore. Members of XML answers have the names they have on the wire. What belongs to a resource that is
listed itself (a subscription to its topic, a record to its zone, a service to its cluster) has no row of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["LISTINGS", "SHARED", "Row", "Service"]


@dataclass(frozen=True, slots=True)
class Row:
    """How the resources of one type are listed."""

    type: str
    """CloudFormation's spelling."""
    ask: str
    """The operation; in REST its method and path."""
    path: str
    """Members that lead to the name; a list on the way stands for each of its entries."""
    but: tuple[tuple[str, str], ...] = ()
    """Member of the entry and pattern of its value: what is always there, appears by itself, or is gone already."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    detail: tuple[str, str, str] | None = None
    """Operation, its parameter and the member of its answer, where a listing alone does not tell what `but` needs."""


@dataclass(frozen=True, slots=True)
class Service:
    """How one service is asked."""

    name: str
    """botocore's."""
    signed_for: str
    protocol: Literal["json", "query", "rest", "rest-xml"]
    version: str
    """Of the JSON protocol or of the query API; REST has it in its paths."""
    target: str
    """What stands before the operation in a JSON request's target."""
    rows: tuple[Row, ...]


_DEFAULT = (("", "default"),)
_MANAGED_ROLE = (("Path", "/aws-service-role/*"),)
_GONE = (("status", "INACTIVE"),)

LISTINGS = (
    Service("dynamodb", "dynamodb", "json", "1.0", "DynamoDB_20120810", (
        Row("AWS::DynamoDB::Table", "ListTables", "TableNames"),
        Row("AWS::DynamoDB::Backup", "ListBackups", "BackupSummaries.BackupArn", (("BackupStatus", "DELETED"),)),
    )),
    Service("sqs", "sqs", "json", "1.0", "AmazonSQS", (Row("AWS::SQS::Queue", "ListQueues", "QueueUrls"),)),
    Service("s3", "s3", "rest-xml", "", "", (Row("AWS::S3::Bucket", "GET /", "Buckets.Bucket.Name"),)),
    Service("sns", "sns", "query", "2010-03-31", "", (
        Row("AWS::SNS::Topic", "ListTopics", "Topics.member.TopicArn"),
        Row("AWS::SNS::PlatformApplication", "ListPlatformApplications", "PlatformApplications.member.PlatformApplicationArn"),
    )),
    Service("lambda", "lambda", "rest", "", "", (
        Row("AWS::Lambda::Function", "GET /2015-03-31/functions/", "Functions.FunctionName"),
        Row("AWS::Lambda::LayerVersion", "GET /2018-10-31/layers", "Layers.LayerName"),
        Row("AWS::Lambda::EventSourceMapping", "GET /2015-03-31/event-source-mappings", "EventSourceMappings.UUID"),
    )),
    Service("apigateway", "apigateway", "rest", "", "", (
        Row("AWS::ApiGateway::RestApi", "GET /restapis", "item.name"),
        Row("AWS::ApiGateway::ApiKey", "GET /apikeys", "item.name"),
        Row("AWS::ApiGateway::UsagePlan", "GET /usageplans", "item.name"),
        Row("AWS::ApiGateway::DomainName", "GET /domainnames", "item.domainName"),
    )),
    Service("apigatewayv2", "apigateway", "rest", "", "", (
        Row("AWS::ApiGatewayV2::Api", "GET /v2/apis", "items.name"),
    )),
    Service("cognito-idp", "cognito-idp", "json", "1.1", "AWSCognitoIdentityProviderService", (
        Row("AWS::Cognito::UserPool", "ListUserPools", "UserPools.Id", parameters={"MaxResults": 60}),
    )),
    Service("cognito-identity", "cognito-identity", "json", "1.1", "AWSCognitoIdentityService", (
        Row("AWS::Cognito::IdentityPool", "ListIdentityPools", "IdentityPools.IdentityPoolId", parameters={"MaxResults": 60}),
    )),
    Service("secretsmanager", "secretsmanager", "json", "1.1", "secretsmanager", (
        Row("AWS::SecretsManager::Secret", "ListSecrets", "SecretList.Name"),
    )),
    Service("ssm", "ssm", "json", "1.1", "AmazonSSM", (
        Row("AWS::SSM::Parameter", "DescribeParameters", "Parameters.Name"),
    )),
    Service("kinesis", "kinesis", "json", "1.1", "Kinesis_20131202", (
        Row("AWS::Kinesis::Stream", "ListStreams", "StreamNames"),
    )),
    Service("firehose", "firehose", "json", "1.1", "Firehose_20150804", (
        # It pages by the last name, which the answer does not repeat; a limit is the whole list instead.
        Row("AWS::KinesisFirehose::DeliveryStream", "ListDeliveryStreams", "DeliveryStreamNames", parameters={"Limit": 10000}),
    )),
    Service("stepfunctions", "states", "json", "1.0", "AWSStepFunctions", (
        Row("AWS::StepFunctions::StateMachine", "ListStateMachines", "stateMachines.name"),
        Row("AWS::StepFunctions::Activity", "ListActivities", "activities.name"),
    )),
    Service("events", "events", "json", "1.1", "AWSEvents", (
        Row("AWS::Events::Rule", "ListRules", "Rules.Name"),
        Row("AWS::Events::EventBus", "ListEventBuses", "EventBuses.Name", _DEFAULT),
        Row("AWS::Events::Archive", "ListArchives", "Archives.ArchiveName"),
        Row("AWS::Events::Connection", "ListConnections", "Connections.Name"),
        Row("AWS::Events::ApiDestination", "ListApiDestinations", "ApiDestinations.Name"),
    )),
    Service("scheduler", "scheduler", "rest", "", "", (
        Row("AWS::Scheduler::Schedule", "GET /schedules", "Schedules.Name"),
        Row("AWS::Scheduler::ScheduleGroup", "GET /schedule-groups", "ScheduleGroups.Name", _DEFAULT),
    )),
    Service("pipes", "pipes", "rest", "", "", (Row("AWS::Pipes::Pipe", "GET /v1/pipes", "Pipes.Name"),)),
    Service("logs", "logs", "json", "1.1", "Logs_20140328", (
        # Functions and APIs make theirs silently, and AWS keeps them when the function is deleted.
        Row("AWS::Logs::LogGroup", "DescribeLogGroups", "logGroups.logGroupName", (("", "/aws/lambda/*"), ("", "/aws/apigateway/*"))),
    )),
    Service("cloudwatch", "monitoring", "query", "2010-08-01", "", (
        Row("AWS::CloudWatch::Alarm", "DescribeAlarms", "MetricAlarms.member.AlarmName"),
        Row("AWS::CloudWatch::CompositeAlarm", "DescribeAlarms", "CompositeAlarms.member.AlarmName", parameters={"AlarmTypes.member.1": "CompositeAlarm"}),
        Row("AWS::CloudWatch::Dashboard", "ListDashboards", "DashboardEntries.member.DashboardName"),
    )),
    Service("ecr", "ecr", "json", "1.1", "AmazonEC2ContainerRegistry_V20150921", (
        Row("AWS::ECR::Repository", "DescribeRepositories", "repositories.repositoryName"),
    )),
    Service("kms", "kms", "json", "1.1", "TrentService", (
        # A key that waits for its deletion is as deleted as a key can be.
        Row(
            "AWS::KMS::Key", "ListKeys", "Keys.KeyId", (("KeyManager", "AWS"), ("KeyState", "PendingDeletion")),
            detail=("DescribeKey", "KeyId", "KeyMetadata"),
        ),
        Row("AWS::KMS::Alias", "ListAliases", "Aliases.AliasName", (("", "alias/aws/*"),)),
    )),
    Service("iam", "iam", "query", "2010-05-08", "", (
        Row("AWS::IAM::User", "ListUsers", "Users.member.UserName"),
        Row("AWS::IAM::Role", "ListRoles", "Roles.member.RoleName", _MANAGED_ROLE),
        Row("AWS::IAM::ManagedPolicy", "ListPolicies", "Policies.member.Arn", (("", "arn:aws*:iam::aws:*"),), {"Scope": "Local"}),
        Row("AWS::IAM::InstanceProfile", "ListInstanceProfiles", "InstanceProfiles.member.InstanceProfileName"),
        Row("AWS::IAM::Group", "ListGroups", "Groups.member.GroupName"),
        Row("AWS::IAM::OIDCProvider", "ListOpenIDConnectProviders", "OpenIDConnectProviderList.member.Arn"),
    )),
    Service("ec2", "ec2", "query", "2016-11-15", "", (
        Row("AWS::EC2::Instance", "DescribeInstances", "reservationSet.item.instancesSet.item.instanceId", (("instanceState.name", "terminated"),)),
        Row("AWS::EC2::VPC", "DescribeVpcs", "vpcSet.item.vpcId", (("isDefault", "true"),)),
        Row("AWS::EC2::Subnet", "DescribeSubnets", "subnetSet.item.subnetId", (("defaultForAz", "true"),)),
        Row("AWS::EC2::SecurityGroup", "DescribeSecurityGroups", "securityGroupInfo.item.groupId", (("groupName", "default"),)),
        Row("AWS::EC2::Volume", "DescribeVolumes", "volumeSet.item.volumeId", (("attachmentSet.item.deleteOnTermination", "true"),)),
        Row("AWS::EC2::KeyPair", "DescribeKeyPairs", "keySet.item.keyName"),
        Row("AWS::EC2::EIP", "DescribeAddresses", "addressesSet.item.publicIp"),
        Row("AWS::EC2::NatGateway", "DescribeNatGateways", "natGatewaySet.item.natGatewayId", (("state", "deleted"),)),
        Row("AWS::EC2::LaunchTemplate", "DescribeLaunchTemplates", "launchTemplates.item.launchTemplateName"),
        Row("AWS::EC2::VPCEndpoint", "DescribeVpcEndpoints", "vpcEndpointSet.item.vpcEndpointId", (("state", "deleted"),)),
    )),
    Service("elbv2", "elasticloadbalancing", "query", "2015-12-01", "", (
        Row("AWS::ElasticLoadBalancingV2::LoadBalancer", "DescribeLoadBalancers", "LoadBalancers.member.LoadBalancerName"),
        Row("AWS::ElasticLoadBalancingV2::TargetGroup", "DescribeTargetGroups", "TargetGroups.member.TargetGroupName"),
    )),
    Service("autoscaling", "autoscaling", "query", "2011-01-01", "", (
        Row("AWS::AutoScaling::AutoScalingGroup", "DescribeAutoScalingGroups", "AutoScalingGroups.member.AutoScalingGroupName"),
        Row("AWS::AutoScaling::LaunchConfiguration", "DescribeLaunchConfigurations", "LaunchConfigurations.member.LaunchConfigurationName"),
    )),
    Service("ecs", "ecs", "json", "1.1", "AmazonEC2ContainerServiceV20141113", (
        Row("AWS::ECS::Cluster", "ListClusters", "clusterArns"),
        Row("AWS::ECS::TaskDefinition", "ListTaskDefinitions", "taskDefinitionArns", parameters={"status": "ACTIVE"}),
    )),
    Service("eks", "eks", "rest", "", "", (Row("AWS::EKS::Cluster", "GET /clusters", "clusters"),)),
    Service("batch", "batch", "rest", "", "", (
        Row("AWS::Batch::ComputeEnvironment", "POST /v1/describecomputeenvironments", "computeEnvironments.computeEnvironmentName"),
        Row("AWS::Batch::JobQueue", "POST /v1/describejobqueues", "jobQueues.jobQueueName"),
        Row("AWS::Batch::JobDefinition", "POST /v1/describejobdefinitions", "jobDefinitions.jobDefinitionName", _GONE),
    )),
    Service("rds", "rds", "query", "2014-10-31", "", (
        Row("AWS::RDS::DBInstance", "DescribeDBInstances", "DBInstances.DBInstance.DBInstanceIdentifier"),
        Row("AWS::RDS::DBCluster", "DescribeDBClusters", "DBClusters.DBCluster.DBClusterIdentifier"),
        Row("AWS::RDS::DBSnapshot", "DescribeDBSnapshots", "DBSnapshots.DBSnapshot.DBSnapshotIdentifier", (("SnapshotType", "automated"),)),
        Row("AWS::RDS::DBSubnetGroup", "DescribeDBSubnetGroups", "DBSubnetGroups.DBSubnetGroup.DBSubnetGroupName", _DEFAULT),
        Row("AWS::RDS::DBParameterGroup", "DescribeDBParameterGroups", "DBParameterGroups.DBParameterGroup.DBParameterGroupName", (("", "default.*"),)),
    )),
    Service("elasticache", "elasticache", "query", "2015-02-02", "", (
        Row("AWS::ElastiCache::CacheCluster", "DescribeCacheClusters", "CacheClusters.CacheCluster.CacheClusterId", (("ReplicationGroupId", "?*"),)),
        Row("AWS::ElastiCache::ReplicationGroup", "DescribeReplicationGroups", "ReplicationGroups.ReplicationGroup.ReplicationGroupId"),
    )),
    Service("efs", "elasticfilesystem", "rest", "", "", (
        Row("AWS::EFS::FileSystem", "GET /2015-02-01/file-systems", "FileSystems.FileSystemId"),
    )),
    Service("opensearch", "es", "rest", "", "", (
        Row("AWS::OpenSearchService::Domain", "GET /2021-01-01/domain", "DomainNames.DomainName"),
    )),
    Service("glue", "glue", "json", "1.1", "AWSGlue", (
        Row("AWS::Glue::Database", "GetDatabases", "DatabaseList.Name", _DEFAULT),
        Row("AWS::Glue::Crawler", "GetCrawlers", "Crawlers.Name"),
        Row("AWS::Glue::Job", "GetJobs", "Jobs.Name"),
    )),
    Service("athena", "athena", "json", "1.1", "AmazonAthena", (
        Row("AWS::Athena::WorkGroup", "ListWorkGroups", "WorkGroups.Name", (("", "primary"),)),
        Row("AWS::Athena::DataCatalog", "ListDataCatalogs", "DataCatalogsSummary.CatalogName", (("", "AwsDataCatalog"),)),
    )),
    Service("route53", "route53", "rest-xml", "", "", (
        Row("AWS::Route53::HostedZone", "GET /2013-04-01/hostedzone", "HostedZones.HostedZone.Name"),
        Row("AWS::Route53::HealthCheck", "GET /2013-04-01/healthcheck", "HealthChecks.HealthCheck.Id"),
    )),
    Service("cloudfront", "cloudfront", "rest-xml", "", "", (
        Row("AWS::CloudFront::Distribution", "GET /2020-05-31/distribution", "Items.DistributionSummary.Id"),
    )),
    Service("acm", "acm", "json", "1.1", "CertificateManager", (
        Row("AWS::CertificateManager::Certificate", "ListCertificates", "CertificateSummaryList.CertificateArn"),
    )),
    Service("wafv2", "wafv2", "json", "1.1", "AWSWAF_20190729", (
        Row("AWS::WAFv2::WebACL", "ListWebACLs", "WebACLs.Name", parameters={"Scope": "REGIONAL", "Limit": 100}),
        Row("AWS::WAFv2::WebACL", "ListWebACLs", "WebACLs.Name", parameters={"Scope": "CLOUDFRONT", "Limit": 100}),
        Row("AWS::WAFv2::IPSet", "ListIPSets", "IPSets.Name", parameters={"Scope": "REGIONAL", "Limit": 100}),
    )),
    Service("appsync", "appsync", "rest", "", "", (
        Row("AWS::AppSync::GraphQLApi", "GET /v1/apis", "graphqlApis.name"),
        Row("AWS::AppSync::Api", "GET /v2/apis", "apis.name"),
    )),
    Service("ses", "ses", "query", "2010-12-01", "", (
        Row("AWS::SES::EmailIdentity", "ListIdentities", "Identities.member"),
        Row("AWS::SES::Template", "ListTemplates", "TemplatesMetadata.member.Name"),
        Row("AWS::SES::ConfigurationSet", "ListConfigurationSets", "ConfigurationSets.member.Name"),
    )),
    Service("sesv2", "ses", "rest", "", "", (
        Row("AWS::SES::EmailIdentity", "POST /v2/email/list-identities", "EmailIdentities.IdentityName"),
        Row("AWS::SES::ConfigurationSet", "POST /v2/email/list-configuration-sets", "ConfigurationSets"),
        Row("AWS::SES::Template", "GET /v2/email/templates", "TemplatesMetadata.TemplateName"),
    )),
    Service("backup", "backup", "rest", "", "", (
        Row("AWS::Backup::BackupVault", "GET /backup-vaults/", "BackupVaultList.BackupVaultName", (("", "Default"),)),
        Row("AWS::Backup::BackupPlan", "GET /backup/plans/", "BackupPlansList.BackupPlanName"),
    )),
    Service("cloudtrail", "cloudtrail", "json", "1.1", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", (
        Row("AWS::CloudTrail::Trail", "DescribeTrails", "trailList.Name"),
    )),
    Service("codebuild", "codebuild", "json", "1.1", "CodeBuild_20161006", (
        Row("AWS::CodeBuild::Project", "ListProjects", "projects"),
    )),
    Service("kafka", "kafka", "rest", "", "", (
        Row("AWS::MSK::Cluster", "GET /v1/clusters", "clusterInfoList.clusterName"),
    )),
    Service("servicediscovery", "servicediscovery", "json", "1.1", "Route53AutoNaming_v20170314", (
        Row("AWS::ServiceDiscovery::HttpNamespace", "ListNamespaces", "Namespaces.Name"),
    )),
    Service("cloudformation", "cloudformation", "query", "2010-05-15", "", (
        Row("AWS::CloudFormation::Stack", "ListStacks", "StackSummaries.member.StackName", (("StackStatus", "DELETE_COMPLETE"),)),
    )),
)  # fmt: skip

SHARED = {"docdb": "rds", "neptune": "rds", "es": "opensearch"}
"""Services whose resources are listed by another one's calls."""
