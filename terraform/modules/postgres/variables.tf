variable "name" {
  description = "Name of the instance."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "region" {
  description = "The region, for the name of a role: those are unique in an account."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the name of an AWS region, for example us-east-1."
  }
}

variable "engine_version" {
  description = "Version of Postgres."
  type        = string
  default     = "17"

  validation {
    condition     = can(regex("^(1[5-9]|2[0-9])(\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version is 15 or newer: the auditor refuses an older one."
  }
}

variable "vpc_id" {
  description = "The network of the instance."
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
  description = "Security group of the nodes, whose auditors and archivers are the clients."
  type        = string

  validation {
    condition     = startswith(var.client_security_group_id, "sg-")
    error_message = "client_security_group_id is the id of a security group, sg-…."
  }
}

variable "instance_class" {
  description = "Class of the instance, for example db.m7g.large."
  type        = string

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[0-9]*[a-z]+$", var.instance_class))
    error_message = "instance_class is one of RDS, for example db.m7g.large."
  }
}

variable "multi_az" {
  description = "Whether a standby in another zone takes over."
  type        = bool
  default     = true
}

variable "volume_gb" {
  description = "Size of the volume at first; it grows by itself up to volume_gb_max."
  type        = number

  validation {
    condition     = var.volume_gb >= 20 && var.volume_gb <= 65536
    error_message = "volume_gb is 20 to 65536."
  }
}

variable "volume_gb_max" {
  description = "Size that the volume may grow to."
  type        = number

  validation {
    condition     = var.volume_gb_max >= ceil(var.volume_gb * 1.1) && var.volume_gb_max <= 65536
    error_message = "volume_gb_max is at least a tenth above volume_gb: RDS refuses less, and a full ledger stops the record."
  }
}

variable "backup_days" {
  description = "How long backups are kept, in days."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35
    error_message = "backup_days is 7 to 35: a day lies in Postgres for seven days before the archive is all that is left of it."
  }
}

variable "deletion_protection" {
  description = "Whether the instance refuses to be deleted, and keeps a last snapshot if it is."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Key of the volume, the backups and the password."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>: an alias or an id alone is refused by the services that use it."
  }
}
