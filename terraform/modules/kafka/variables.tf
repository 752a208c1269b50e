variable "name" {
  description = "Name of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "region" {
  description = "The region this cluster lies in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the name of an AWS region, for example us-east-1."
  }
}

variable "kafka_version" {
  description = "Version of Kafka; MSK must offer it."
  type        = string
  default     = "3.9.x"

  validation {
    condition     = can(regex("^(3\\.9\\.x|[4-9]\\.[0-9]+\\.x)(\\.kraft)?$", var.kafka_version))
    error_message = "kafka_version is 3.9.x or newer: the services are tested with nothing older."
  }
}

variable "vpc_id" {
  description = "The network of the brokers."
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
    error_message = "subnet_ids are those of three zones: a record counts as stored once two of three zones have it."
  }
}

variable "client_security_group_id" {
  description = "Security group of the nodes of this region, whose journals and auditors are clients."
  type        = string

  validation {
    condition     = startswith(var.client_security_group_id, "sg-")
    error_message = "client_security_group_id is the id of a security group, sg-…."
  }
}

variable "peer_prefix_list_id" {
  description = "Prefix list of the other regions, whose journals may write here."
  type        = string

  validation {
    condition     = startswith(var.peer_prefix_list_id, "pl-")
    error_message = "peer_prefix_list_id is the id of a prefix list, pl-…."
  }
}

variable "brokers_per_zone" {
  description = "Brokers in each of the three zones."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2, 3, 4, 5], var.brokers_per_zone)
    error_message = "brokers_per_zone is 1 to 5."
  }
}

variable "instance_type" {
  description = "Type of the brokers, for example kafka.m7g.large."
  type        = string

  validation {
    condition     = can(regex("^kafka\\.[a-z0-9]+\\.[0-9]*[a-z]+$", var.instance_type))
    error_message = "instance_type is one of MSK, for example kafka.m7g.large."
  }
}

variable "volume_gb" {
  description = "Size of a broker's volume at first; it grows by itself up to volume_gb_max."
  type        = number

  validation {
    condition     = var.volume_gb >= 10 && var.volume_gb <= 16384
    error_message = "volume_gb is 10 to 16384."
  }
}

variable "volume_gb_max" {
  description = "Size that a broker's volume may grow to."
  type        = number

  validation {
    condition     = var.volume_gb_max >= var.volume_gb && var.volume_gb_max <= 16384
    error_message = "volume_gb_max is volume_gb to 16384: a volume never shrinks."
  }
}

variable "certificate_authority_mode" {
  description = "`GENERAL_PURPOSE`, or `SHORT_LIVED_CERTIFICATE`: cheaper, for certificates of at most seven days."
  type        = string
  default     = "GENERAL_PURPOSE"

  validation {
    condition     = contains(["GENERAL_PURPOSE", "SHORT_LIVED_CERTIFICATE"], var.certificate_authority_mode)
    error_message = "certificate_authority_mode is GENERAL_PURPOSE or SHORT_LIVED_CERTIFICATE."
  }
}

variable "kms_key_arn" {
  description = "Key of the volumes and the logs of the brokers."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>: an alias or an id alone is refused by the services that use it."
  }
}

variable "log_days" {
  description = "How long logs of the brokers are kept, in days."
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 180, 365, 400, 731], var.log_days)
    error_message = "log_days is one of 30, 60, 90, 180, 365, 400, 731: CloudWatch knows no others."
  }
}
