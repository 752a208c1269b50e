variable "name" {
  description = "Name of the cluster and prefix of what belongs to it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "region" {
  description = "The region, for names of roles: those are unique in an account, not in a region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the name of an AWS region, for example us-east-1."
  }
}

variable "kubernetes_version" {
  description = "Version of the control plane and of the nodes, for example 1.35."
  type        = string

  validation {
    condition     = can(regex("^1\\.(3[2-9]|[4-9][0-9])$", var.kubernetes_version))
    error_message = "kubernetes_version is 1.32 or newer, without a patch number, for example 1.35."
  }
}

variable "vpc_id" {
  description = "The network of the cluster."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id is the id of a network, vpc-…."
  }
}

variable "subnet_ids" {
  description = "Private subnets by zone; each pool has one node group in each zone."
  type        = map(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "subnet_ids has one private subnet in each of three zones."
  }
}

variable "operator_cidrs" {
  description = "Private addresses from which people and pipelines reach the Kubernetes API."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.operator_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "operator_cidrs are address ranges, and never the whole internet (/0): the API of the cluster is private."
  }
}

variable "admin_role_arns" {
  description = "IAM roles that administer the cluster; whoever applies this module is not one by itself."
  type        = set(string)

  validation {
    condition     = length(var.admin_role_arns) > 0 && alltrue([for arn in var.admin_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "admin_role_arns names at least one IAM role (arn:aws:iam::<account>:role/<name>): with none, nobody could install the chart."
  }
}

variable "pools" {
  description = "Pools of nodes by name; sizes are those of one zone. Nodes carry the label holdfast.dev/pool."
  type = map(object({
    instance_types = list(string)
    min            = number
    max            = number
    volume_gb      = optional(number, 50)
    taint          = optional(string)
  }))

  validation {
    condition     = contains(keys(var.pools), "services") && contains(keys(var.pools), "etcd")
    error_message = "pools has services and etcd: a router under load must not take the disk and the processor of etcd."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.min >= 1 && pool.max >= pool.min && pool.max <= 50])
    error_message = "each pool has 1 <= min <= max <= 50 nodes in a zone: a zone without nodes has no member of the quorum."
  }

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.volume_gb >= 20])
    error_message = "volume_gb of a pool is at least 20: images and logs lie there."
  }
}

variable "workload_roles" {
  description = "IAM roles of service accounts (IRSA), by name of the role: whose it is, and its policy as JSON."
  type = map(object({
    namespace       = string
    service_account = string
    policy          = string
  }))
  default = {}

  validation {
    condition     = alltrue([for role in values(var.workload_roles) : role.namespace != "" && role.service_account != "" && !strcontains("${role.namespace}${role.service_account}", "*") && can(jsondecode(role.policy))])
    error_message = "each of workload_roles has a namespace and a service account, without wildcards, and a policy that is JSON: a wildcard would give its rights to every pod."
  }
}

variable "kms_key_arn" {
  description = "Key of the secrets in the cluster, of its logs and of the disks of its nodes."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>: an alias or an id alone is refused by the services that use it."
  }
}

variable "volume_kms_key_arn" {
  description = "Key of the volumes that pods claim; the driver of the volumes may use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.volume_kms_key_arn))
    error_message = "volume_kms_key_arn is the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>: an alias or an id alone is refused by the services that use it."
  }
}

variable "log_days" {
  description = "How long the logs of the control plane are kept, in days."
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 180, 365, 400, 731], var.log_days)
    error_message = "log_days is one of 30, 60, 90, 180, 365, 400, 731: CloudWatch knows no others."
  }
}
