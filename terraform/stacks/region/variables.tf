variable "environment" {
  description = "Name of the environment: dev, staging or prod."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment is dev, staging or prod."
  }
}

variable "region" {
  description = "The region of this stack."
  type        = string

  validation {
    condition     = contains(keys(var.cidrs), var.region)
    error_message = "region is one of those that cidrs names."
  }
}

variable "cidrs" {
  description = "Addresses of the networks of the three regions."
  type        = map(string)

  validation {
    condition     = length(var.cidrs) == 3
    error_message = "cidrs names three regions: the global tier decides by two of three, and with two regions the loss of either one stops it."
  }
}

variable "zones" {
  description = "The three availability zones."
  type        = list(string)
}

variable "domain" {
  description = "Domain of the installation, as in the stack global."
  type        = string
}

variable "state" {
  description = "Bucket of the Terraform states, and its region: what the stack global and the other regions made is read there."
  type = object({
    bucket = string
    region = string
  })
}

variable "peered" {
  description = "Regions whose stack was applied once, so that their networks can be peered with; none (`-var peered=[]`) at the first apply."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for region in var.peered : region != var.region && contains(keys(var.cidrs), region)])
    error_message = "peered names other regions of cidrs."
  }
}

variable "network" {
  description = "How the network goes out: nat per-zone or single, which AWS services by endpoints of their own, and how many days flow logs are kept."
  type = object({
    nat                 = string
    interface_endpoints = set(string)
    flow_log_days       = number
  })
}

variable "cluster" {
  description = "Version of Kubernetes, who administers it and from where, its pools (sizes of one zone), and how many days its logs are kept."
  type = object({
    kubernetes_version = string
    admin_role_arns    = set(string)
    operator_cidrs     = list(string)
    log_days           = number
    pools = map(object({
      instance_types = list(string)
      min            = number
      max            = number
      volume_gb      = optional(number, 50)
      taint          = optional(string)
    }))
  })
}

variable "etcd" {
  description = "Shards, members of each, their volumes, and how many days snapshots are kept."
  type = object({
    shards        = number
    members       = number
    volume_gb     = number
    volume_iops   = number
    volume_mbps   = number
    snapshot_days = number
  })
}

variable "record_region" {
  description = "Region whose brokers the journals of all three write to, and whose ledger keeps it all: two regions' copies prove a global lock, so one auditor must see them."
  type        = string

  validation {
    condition     = contains(keys(var.cidrs), var.record_region)
    error_message = "record_region is one of the regions that cidrs names."
  }

  validation {
    condition     = var.record_region != var.region || var.kafka != null
    error_message = "record_region is this region, so kafka and postgres are given here: the record must be kept somewhere."
  }
}

variable "kafka" {
  description = "Brokers in this region; null: none, and it cannot become the region of the record."
  type = object({
    instance_type              = string
    brokers_per_zone           = number
    volume_gb                  = number
    volume_gb_max              = number
    certificate_authority_mode = string
    log_days                   = number
  })
}

variable "postgres" {
  description = "A ledger in this region; null: none."
  type = object({
    instance_class      = string
    multi_az            = bool
    volume_gb           = number
    volume_gb_max       = number
    backup_days         = number
    deletion_protection = bool
  })

  validation {
    condition     = (var.postgres == null) == (var.kafka == null)
    error_message = "postgres and kafka are both given or both null: events come to the ledger by Kafka alone."
  }
}

variable "redis" {
  description = "The cache of this region."
  type = object({
    node_type = string
    nodes     = number
  })
}

variable "client_cidrs" {
  description = "Addresses of the clients of locks."
  type        = list(string)

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for cidr in var.client_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "client_cidrs are address ranges, at least one and never the whole internet (/0): who can reach a router can try certificates on it."
  }
}

variable "routers_min" {
  description = "Fewer routers that answer than this are too few for the traffic of this region."
  type        = number
}

variable "coordinators" {
  description = "Coordinators of each region; each has a port of its own at the internal load balancer, 7430 and up."
  type        = number
  default     = 2

  validation {
    condition     = contains([1, 2, 3, 4], var.coordinators)
    error_message = "coordinators is 1 to 4, the same in all regions."
  }
}

variable "deletion_protection" {
  description = "Whether load balancers refuse to be deleted."
  type        = bool
  default     = true
}

variable "namespace" {
  description = "Namespace of the release of the chart."
  type        = string
  default     = "holdfast"
}

variable "release" {
  description = "Name of the release of the chart; begins the names of its service accounts and services."
  type        = string
  default     = "holdfast"
}

variable "pages" {
  description = "Who is woken: subscriptions, by a name of your own."
  type = map(object({
    protocol = string
    endpoint = string
  }))
  default = {}
}

variable "notices" {
  description = "Who reads of it in the morning: subscriptions, by a name of your own."
  type = map(object({
    protocol = string
    endpoint = string
  }))
  default = {}
}

variable "experiments" {
  description = "Whether there are templates of experiments."
  type        = bool
  default     = true
}
