# What all regions of prod have in common; <region>.tfvars comes after it.
environment = "prod"
domain      = "holdfast.example.com"
cidrs       = { us-east-1 = "10.10.0.0/16", us-west-2 = "10.20.0.0/16", eu-west-1 = "10.30.0.0/16" }
state       = { bucket = "example-holdfast-prod-states", region = "us-west-2" }

# All journals write to its brokers, and its auditor proves the global locks.
record_region = "us-east-1"

network = {
  nat                 = "per-zone"
  interface_endpoints = ["ec2", "ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sts"]
  flow_log_days       = 365
}

cluster = {
  kubernetes_version = "1.35"
  admin_role_arns    = ["arn:aws:iam::123456789012:role/example-platform"]
  operator_cidrs     = ["10.200.0.0/16"]
  log_days           = 365

  pools = {
    services = { instance_types = ["m7i.xlarge"], min = 1, max = 3 }
    etcd     = { instance_types = ["m7i.xlarge"], min = 1, max = 2, taint = "etcd" }
  }
}

etcd = {
  shards        = 2
  members       = 3
  volume_gb     = 32
  volume_iops   = 3000
  volume_mbps   = 125
  snapshot_days = 30
}

redis = {
  node_type = "cache.m7g.large"
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
  volume_gb                  = 500
  volume_gb_max              = 4000
  certificate_authority_mode = "GENERAL_PURPOSE"
  log_days                   = 365
}

postgres = {
  instance_class      = "db.m7g.xlarge"
  multi_az            = true
  volume_gb           = 500
  volume_gb_max       = 2000
  backup_days         = 35
  deletion_protection = true
}
