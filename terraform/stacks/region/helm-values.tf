locals {
  role_annotations = {
    for name, arn in module.eks.workload_role_arns : name => { "eks.amazonaws.com/role-arn" = arn }
  }

  # Where pods of a pool run.
  on_services = { nodeSelector = { "holdfast.dev/pool" = "services" } }
  on_etcd = {
    nodeSelector = { "holdfast.dev/pool" = "etcd" }
    tolerations  = [{ key = "holdfast.dev/pool", operator = "Exists", effect = "NoSchedule" }]
  }

  helm_values = {
    cluster = local.name
    region  = var.region

    peers = {
      for region in keys(local.peer_cidrs) : region => {
        routers      = ["quorum.${region}.${var.domain}:${local.ports.grpc}"]
        coordinators = [for port in values(local.coordinator_ports) : "quorum.${region}.${var.domain}:${port}"]
      }
    }

    tls = { dnsNames = ["locks.${var.domain}", "${var.region}.${var.domain}", "quorum.${var.region}.${var.domain}"] }

    # The load balancers are those of this stack.
    router = merge(local.on_services, { service = { type = "ClusterIP" } })
    coordinator = merge(local.on_services, {
      replicas = var.coordinators
      service  = { type = "ClusterIP" }
    })
    placement = local.on_services
    journal   = merge(local.on_services, { enabled = local.is_record_known })
    auditor = merge(local.on_services, {
      enabled                   = local.keeps_record
      serviceAccountAnnotations = lookup(local.role_annotations, "auditor", {})
    })

    archiver = merge(local.on_services, {
      enabled                   = local.keeps_record
      bucket                    = local.global.archive.bucket
      bucketRegion              = local.global.archive.region
      lockMode                  = local.global.archive.lock_mode
      retentionDays             = local.global.archive.retention_days
      serviceAccountAnnotations = lookup(local.role_annotations, "archiver", {})
    })

    etcd = merge(local.on_etcd, {
      shards  = module.etcd_storage.claims.shards
      members = module.etcd_storage.claims.members
      storage = { className = local.storage_class.metadata.name, size = "${module.etcd_storage.claims.volume_gb}Gi" }
      snapshots = {
        bucket                    = module.etcd_storage.snapshot_bucket
        serviceAccountAnnotations = local.role_annotations["etcd-snapshots"]
      }
    })

    kafka = {
      brokers = local.is_record_known ? split(",", local.record.brokers) : []
      tls     = { secret = "holdfast-kafka" }
    }

    redis    = { urlSecret = "holdfast-redis" }
    postgres = local.keeps_record ? { urlSecret = "holdfast-postgres", caSecret = "rds-ca" } : { urlSecret = "", caSecret = "" }

    externalSecrets = {
      enabled     = true
      redisKey    = module.redis.url_secret_name
      postgresKey = local.keeps_record ? module.postgres[0].url_secret_name : ""
    }

    networkPolicy = {
      clients       = [for cidr in module.network.public_cidrs : { ipBlock = { cidr = cidr } }]
      peers         = [for cidr in concat(values(local.peer_cidrs), module.network.private_cidrs) : { ipBlock = { cidr = cidr } }]
      peerPorts     = { routers = [local.ports.grpc], coordinators = values(local.coordinator_ports) }
      loadBalancers = [for cidr in concat(module.network.public_cidrs, module.network.private_cidrs) : { ipBlock = { cidr = cidr } }]
    }
  }
}
