variable "name" {
  description = "Name of the replication group."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "vpc_id" {
  description = "The network of the cache."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id is the id of a network, vpc-…."
  }
}

variable "subnet_ids" {
  description = "Private subnets of three zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) == 3
    error_message = "subnet_ids are those of three zones."
  }
}

variable "client_security_group_id" {
  description = "Security group of the nodes, whose routers and journals are the clients."
  type        = string

  validation {
    condition     = startswith(var.client_security_group_id, "sg-")
    error_message = "client_security_group_id is the id of a security group, sg-…."
  }
}

variable "node_type" {
  description = "Type of the nodes, for example cache.m7g.large."
  type        = string

  validation {
    condition     = can(regex("^cache\\.[a-z0-9]+\\.[0-9]*[a-z]+$", var.node_type))
    error_message = "node_type is one of ElastiCache, for example cache.m7g.large."
  }
}

variable "nodes" {
  description = "Nodes; with two or three another one takes over in another zone."
  type        = number
  default     = 2

  validation {
    condition     = contains([1, 2, 3], var.nodes)
    error_message = "nodes is 1 to 3."
  }
}

variable "kms_key_arn" {
  description = "Key of the data at rest and of the password."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>: an alias or an id alone is refused by the services that use it."
  }
}
