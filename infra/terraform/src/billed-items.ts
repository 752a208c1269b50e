import type { PlannedResource, PlannedStack } from "./planned-stack.ts";

/** So much of what one price is for, in a month. */
export interface BilledItem {
  /** Key of the price. */
  readonly price: string;
  readonly quantity: number;
}

/** Resources that AWS lets have for nothing, or bills only by what goes through them. */
const free = new Set([
  "aws_acm_certificate",
  "aws_acm_certificate_validation",
  "aws_acmpca_certificate",
  "aws_acmpca_certificate_authority_certificate",
  "aws_appautoscaling_policy",
  "aws_appautoscaling_target",
  "aws_cloudwatch_log_group",
  "aws_db_parameter_group",
  "aws_db_subnet_group",
  "aws_default_security_group",
  "aws_ec2_managed_prefix_list",
  "aws_eks_access_entry",
  "aws_eks_access_policy_association",
  "aws_eks_addon",
  "aws_elasticache_parameter_group",
  "aws_elasticache_subnet_group",
  "aws_fis_experiment_template",
  "aws_flow_log",
  "aws_iam_openid_connect_provider",
  "aws_iam_role",
  "aws_iam_role_policy",
  "aws_iam_role_policy_attachment",
  "aws_internet_gateway",
  "aws_kms_alias",
  // Its disks are billed with the nodes that are made from it.
  "aws_launch_template",
  "aws_lb_listener",
  "aws_lb_target_group",
  "aws_msk_configuration",
  "aws_route",
  "aws_route53_record",
  "aws_route_table",
  "aws_route_table_association",
  "aws_s3_bucket",
  "aws_s3_bucket_lifecycle_configuration",
  "aws_s3_bucket_object_lock_configuration",
  "aws_s3_bucket_policy",
  "aws_s3_bucket_public_access_block",
  "aws_s3_bucket_replication_configuration",
  "aws_s3_bucket_server_side_encryption_configuration",
  "aws_s3_bucket_versioning",
  "aws_secretsmanager_secret_version",
  "aws_security_group",
  "aws_sns_topic",
  "aws_sns_topic_subscription",
  "aws_subnet",
  "aws_vpc",
  "aws_vpc_peering_connection",
  "aws_vpc_peering_connection_accepter",
  "aws_vpc_security_group_egress_rule",
  "aws_vpc_security_group_ingress_rule",
]);

/**
 * What a stack costs by standing there. Throws for a resource that is neither known to cost
 * something nor known to be free: the table would leave it out in silence.
 */
export function billedItems(stack: PlannedStack, hoursPerMonth: number): BilledItem[] {
  const items = stack.resources.flatMap((resource) => {
    const billed = itemsOf(resource, stack, hoursPerMonth);
    if (billed !== undefined) return billed;
    if (free.has(resource.type)) return [];
    throw new Error(
      `${resource.address}: nothing is known of what a ${resource.type} costs; ` +
        "give it a price, or a place among what is free, in infra/terraform/src/billed-items.ts",
    );
  });
  return [...items, ...claimedVolumes(stack)];
}

function itemsOf(
  { type, values }: PlannedResource,
  stack: PlannedStack,
  hours: number,
): BilledItem[] | undefined {
  const each = (price: string, quantity = 1): BilledItem[] => [{ price, quantity }];
  switch (type) {
    case "aws_eks_cluster":
      return each("eks.cluster", hours);
    case "aws_eks_node_group":
      return nodes(values, stack, hours);
    case "aws_nat_gateway":
      return each("nat.gateway", hours);
    case "aws_eip":
      return each("ipv4.public", hours);
    case "aws_vpc_endpoint":
      if (values.vpc_endpoint_type === "Gateway") return [];
      return each("endpoint.interface", hours * lengthOf(values.subnet_ids));
    case "aws_lb":
      return [
        ...each("nlb.hour", hours),
        // An address in each zone, if it has public ones.
        ...(values.internal === true
          ? []
          : each("ipv4.public", hours * lengthOf(values.subnets ?? values.subnet_mapping))),
      ];
    case "aws_msk_cluster":
      return brokers(values, hours);
    case "aws_acmpca_certificate_authority":
      return each(`pca.${text(values.usage_mode)}`);
    case "aws_db_instance": {
      const zones = values.multi_az === true ? "multi-az" : "single-az";
      return [
        { price: `rds.${text(values.instance_class)}.${zones}`, quantity: hours },
        { price: `rds.storage.${zones}`, quantity: number(values.allocated_storage) },
      ];
    }
    case "aws_elasticache_replication_group":
      return each(
        `elasticache.${text(values.node_type)}`,
        hours * number(values.num_cache_clusters),
      );
    case "aws_kms_key":
    case "aws_kms_replica_key":
      return each("kms.key");
    case "aws_secretsmanager_secret":
      return each("secret");
    case "aws_cloudwatch_metric_alarm":
      return each("cloudwatch.alarm");
    case "aws_route53_zone":
      return each("route53.zone");
    case "aws_route53_health_check":
      return healthCheck(values);
    default:
      return undefined;
  }
}

/** Nodes at the least number of their group, with the disk of their pool. */
function nodes(
  values: PlannedResource["values"],
  stack: PlannedStack,
  hours: number,
): BilledItem[] {
  const [scaling] = values.scaling_config as readonly { desired_size: number }[];
  const [instanceType] = values.instance_types as readonly string[];
  const { "holdfast.dev/pool": pool } = values.labels as Record<string, string>;
  const template = stack.resources.find(({ address }) =>
    address.endsWith(`aws_launch_template.pool["${pool}"]`),
  );
  const [device] = (template?.values.block_device_mappings ?? []) as readonly {
    ebs: readonly { volume_size: number }[];
  }[];
  const count = number(scaling?.desired_size);
  return [
    { price: `ec2.${text(instanceType)}`, quantity: hours * count },
    { price: "ebs.gp3", quantity: count * number(device?.ebs[0]?.volume_size) },
  ];
}

function brokers(values: PlannedResource["values"], hours: number): BilledItem[] {
  const [group] = values.broker_node_group_info as readonly {
    instance_type: string;
    storage_info: readonly { ebs_storage_info: readonly { volume_size: number }[] }[];
  }[];
  const count = number(values.number_of_broker_nodes);
  const size = group?.storage_info[0]?.ebs_storage_info[0]?.volume_size;
  return [
    { price: `msk.${text(group?.instance_type)}`, quantity: hours * count },
    { price: "msk.storage", quantity: count * number(size) },
  ];
}

/** HTTPS, an answer every 10 s and the latency are billed apart. */
function healthCheck(values: PlannedResource["values"]): BilledItem[] {
  if (values.type === "CALCULATED") return [{ price: "route53.check.calculated", quantity: 1 }];
  const options = [
    text(values.type).startsWith("HTTPS"),
    values.request_interval === 10,
    values.measure_latency === true,
  ];
  return [
    { price: "route53.check.endpoint", quantity: 1 },
    { price: "route53.check.option", quantity: options.filter(Boolean).length },
  ];
}

/** Volumes of etcd: the chart claims them, by what this stack tells it. */
function claimedVolumes(stack: PlannedStack): BilledItem[] {
  const values = stack.outputs.helm_values as
    | { etcd: { shards: number; members: number; storage: { size: string } } }
    | undefined;
  if (values === undefined) return [];
  const { shards, members, storage } = values.etcd;
  return [
    { price: "ebs.gp3", quantity: shards * members * number(Number.parseInt(storage.size, 10)) },
  ];
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error(`a plan has ${JSON.stringify(value)} where a name was expected`);
}

function number(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error(`a plan has ${JSON.stringify(value)} where a number was expected`);
}

function lengthOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  throw new Error(`a plan has ${JSON.stringify(value)} where a list was expected`);
}
