# What all regions of staging have in common; <region>.tfvars comes after it.
environment = "staging"
domain      = "staging.holdfast.example.com"
cidrs       = { us-east-1 = "10.10.0.0/16", us-west-2 = "10.20.0.0/16", eu-west-1 = "10.30.0.0/16" }
state       = { bucket = "example-holdfast-staging-states", region = "us-west-2" }

# All journals write to its brokers, and its auditor proves the global locks.
record_region = "us-east-1"

network = {
  nat                 = "single"
  interface_endpoints = ["ecr.api", "ecr.dkr", "sts"]
  flow_log_days       = 90
}

cluster = {
  kubernetes_version = "1.35"
  admin_role_arns    = ["arn:aws:iam::123456789012:role/example-platform"]
  operator_cidrs     = ["10.200.0.0/16"]
  log_days           = 90

  pools = {
    services = { instance_types = ["m7i.large"], min = 1, max = 3 }
    etcd     = { instance_types = ["m7i.xlarge"], min = 1, max = 2, taint = "etcd" }
  }
}

etcd = {
  shards        = 2
  members       = 3
  volume_gb     = 20
  volume_iops   = 3000
  volume_mbps   = 125
  snapshot_days = 14
}

redis = {
  node_type = "cache.t4g.small"
  nodes     = 2
}

# Documentation addresses: replace them by those of your clients.
client_cidrs        = ["198.51.100.0/24"]
routers_min         = 2
deletion_protection = true

pages = {
  pagerduty = { protocol = "https", endpoint = "https://events.pagerduty.com/integration/example/enqueue" }
}

kafka = {
  instance_type              = "kafka.m7g.large"
  brokers_per_zone           = 1
  volume_gb                  = 100
  volume_gb_max              = 500
  certificate_authority_mode = "SHORT_LIVED_CERTIFICATE"
  log_days                   = 90
}

postgres = {
  instance_class      = "db.m7g.large"
  multi_az            = true
  volume_gb           = 100
  volume_gb_max       = 500
  backup_days         = 7
  deletion_protection = true
}
