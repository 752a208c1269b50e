locals {
  name       = "holdfast-${var.environment}"
  peer_cidrs = { for region, cidr in var.cidrs : region => cidr if region != var.region }

  # Brokers and ledger stand here, in use or ready to be.
  has_brokers = var.kafka != null

  # What the journals of this region write to. While the region of the record was not applied there
  # is nothing yet: etcd keeps all history until there is.
  keeps_record    = var.record_region == var.region
  is_record_known = local.keeps_record || contains(var.peered, var.record_region)
  record          = local.keeps_record ? local.own_record : try(data.terraform_remote_state.peer[var.record_region].outputs.record, null)
  own_record = !local.has_brokers ? null : {
    brokers       = module.kafka[0].brokers
    client_ca_arn = module.kafka[0].client_ca_arn
  }
}

# States of the other stacks, read from the bucket: that asks nothing of the regions they are of.
data "terraform_remote_state" "global" {
  backend = "s3"

  config = {
    bucket = var.state.bucket
    region = var.state.region
    key    = "${var.environment}/global.tfstate"
  }
}

data "terraform_remote_state" "peer" {
  for_each = var.peered

  backend = "s3"

  config = {
    bucket = var.state.bucket
    region = var.state.region
    key    = "${var.environment}/${each.key}.tfstate"
  }
}

module "network" {
  source = "../../modules/network"

  name                = local.name
  region              = var.region
  zones               = var.zones
  cidr                = var.cidrs[var.region]
  nat                 = var.network.nat
  interface_endpoints = var.network.interface_endpoints
  flow_log_days       = var.network.flow_log_days
  kms_key_arn         = aws_kms_key.region.arn
  peer_cidrs          = local.peer_cidrs

  peers = {
    for region, peer in data.terraform_remote_state.peer : region => {
      vpc_id                = peer.outputs.network.vpc_id
      peering_connection_id = try(peer.outputs.network.peering_connection_ids[var.region], null)
    }
  }
}

module "etcd_storage" {
  source = "../../modules/etcd-storage"

  name          = local.name
  region        = var.region
  shards        = var.etcd.shards
  members       = var.etcd.members
  volume_gb     = var.etcd.volume_gb
  volume_iops   = var.etcd.volume_iops
  volume_mbps   = var.etcd.volume_mbps
  snapshot_days = var.etcd.snapshot_days
}

module "eks" {
  source = "../../modules/eks"

  name               = local.name
  region             = var.region
  kubernetes_version = var.cluster.kubernetes_version
  vpc_id             = module.network.vpc_id
  subnet_ids         = module.network.private_subnet_ids
  operator_cidrs     = var.cluster.operator_cidrs
  admin_role_arns    = var.cluster.admin_role_arns
  pools              = var.cluster.pools
  log_days           = var.cluster.log_days
  kms_key_arn        = aws_kms_key.region.arn
  volume_kms_key_arn = module.etcd_storage.kms_key_arn
  workload_roles     = local.workload_roles
}

module "kafka" {
  source = "../../modules/kafka"
  count  = local.has_brokers ? 1 : 0

  name                       = local.name
  region                     = var.region
  vpc_id                     = module.network.vpc_id
  subnet_ids                 = values(module.network.private_subnet_ids)
  client_security_group_id   = module.eks.node_security_group_id
  peer_prefix_list_id        = module.network.peer_prefix_list_id
  instance_type              = var.kafka.instance_type
  brokers_per_zone           = var.kafka.brokers_per_zone
  volume_gb                  = var.kafka.volume_gb
  volume_gb_max              = var.kafka.volume_gb_max
  certificate_authority_mode = var.kafka.certificate_authority_mode
  log_days                   = var.kafka.log_days
  kms_key_arn                = aws_kms_key.region.arn
}

module "postgres" {
  source = "../../modules/postgres"
  count  = local.has_brokers ? 1 : 0

  name                     = local.name
  region                   = var.region
  vpc_id                   = module.network.vpc_id
  subnet_ids               = values(module.network.private_subnet_ids)
  client_security_group_id = module.eks.node_security_group_id
  instance_class           = var.postgres.instance_class
  multi_az                 = var.postgres.multi_az
  volume_gb                = var.postgres.volume_gb
  volume_gb_max            = var.postgres.volume_gb_max
  backup_days              = var.postgres.backup_days
  deletion_protection      = var.postgres.deletion_protection
  kms_key_arn              = aws_kms_key.region.arn
}

module "redis" {
  source = "../../modules/redis"

  name                     = local.name
  vpc_id                   = module.network.vpc_id
  subnet_ids               = values(module.network.private_subnet_ids)
  client_security_group_id = module.eks.node_security_group_id
  node_type                = var.redis.node_type
  nodes                    = var.redis.nodes
  kms_key_arn              = aws_kms_key.region.arn
}

module "observability" {
  source = "../../modules/observability"

  name        = local.name
  kms_key_arn = aws_kms_key.region.arn
  pages       = var.pages
  notices     = var.notices
  routers_min = var.routers_min

  load_balancer = {
    load_balancer = aws_lb.clients.arn_suffix
    target_group  = aws_lb_target_group.routers.arn_suffix
  }

  kafka             = local.has_brokers ? { cluster_name = module.kafka[0].cluster_name, brokers = module.kafka[0].broker_count } : null
  postgres_instance = local.has_brokers ? { identifier = module.postgres[0].identifier, volume_gb = var.postgres.volume_gb } : null
  redis_nodes       = module.redis.node_ids
}

module "chaos" {
  source = "../../modules/chaos"
  count  = var.experiments ? 1 : 0

  name                = local.name
  region              = var.region
  zone                = var.zones[0]
  cluster_name        = module.eks.cluster_name
  subnet_arns         = module.network.private_subnet_arns
  peer_prefix_list_id = module.network.peer_prefix_list_id
  stop_alarm_arn      = module.observability.stop_alarm_arn
  kms_key_arns        = [aws_kms_key.region.arn]
  log_kms_key_arn     = aws_kms_key.region.arn

  replication = local.global.archive.region != var.region ? null : {
    bucket_arn     = local.global.archive.bucket_arn
    replica_region = local.global.archive.replica_region
  }
}

locals {
  global = data.terraform_remote_state.global.outputs
}
