variable "name" {
  description = "Prefix of every name, for example holdfast-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter: longer names do not fit into the names of load balancers."
  }
}

variable "region" {
  description = "The region this network lies in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the name of an AWS region, for example us-east-1."
  }
}

variable "zones" {
  description = "The three availability zones, one etcd member of each shard in each."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3 && length(toset(var.zones)) == 3
    error_message = "zones names three different availability zones: with two, the loss of one takes the majority of every etcd shard."
  }

  validation {
    condition     = alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "zones lie in the region of this network, for example us-east-1a for us-east-1."
  }
}

variable "cidr" {
  description = "Addresses of the network, a /16; those of the three regions must not overlap."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "cidr is a /16, for example 10.10.0.0/16: smaller ones have no room for pod addresses in three zones."
  }
}

variable "nat" {
  description = "`per-zone`, or `single`: cheaper, but the loss of its zone cuts all three from the internet."
  type        = string
  default     = "per-zone"

  validation {
    condition     = contains(["per-zone", "single"], var.nat)
    error_message = "nat is per-zone or single."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached without the internet, besides S3, which always is."
  type        = set(string)
  default     = ["ec2", "ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sts"]

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)*$", service))]) && !contains(var.interface_endpoints, "s3")
    error_message = "interface_endpoints are names of services as AWS shortens them, for example ecr.api, and not s3, which has a gateway that costs nothing."
  }
}

variable "peer_cidrs" {
  description = "Addresses of the two other regions, by region: who may send quorum traffic."
  type        = map(string)

  validation {
    condition     = length(var.peer_cidrs) == 2
    error_message = "peer_cidrs names the two other regions: the global tier has three, and a majority of an even number survives no more losses."
  }

  validation {
    condition     = !contains(keys(var.peer_cidrs), var.region)
    error_message = "peer_cidrs names the other regions, not this one."
  }

  validation {
    condition     = length(toset(concat([var.cidr], values(var.peer_cidrs)))) == 3
    error_message = "peer_cidrs differ from one another and from cidr: networks with the same addresses cannot be peered."
  }
}

variable "peers" {
  description = "Networks of the other regions that stand already, by region. A peering is asked for by the region whose name sorts first; the other one accepts it once its id is given."
  type = map(object({
    vpc_id                = string
    peering_connection_id = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for region in keys(var.peers) : contains(keys(var.peer_cidrs), region)])
    error_message = "peers names only regions that peer_cidrs has."
  }
}

variable "kms_key_arn" {
  description = "Key of the flow logs; CloudWatch Logs of this region must be allowed to use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>: an alias or an id alone is refused by the services that use it."
  }
}

variable "flow_log_days" {
  description = "How long flow logs are kept, in days."
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 180, 365, 400, 731], var.flow_log_days)
    error_message = "flow_log_days is one of 30, 60, 90, 180, 365, 400, 731: CloudWatch knows no others."
  }
}
