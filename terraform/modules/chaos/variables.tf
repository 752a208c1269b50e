variable "name" {
  description = "Prefix of every name, for example holdfast-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "name is 3 to 21 characters of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "region" {
  description = "The region of the experiments."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is the name of an AWS region, for example us-east-1."
  }
}

variable "zone" {
  description = "The zone whose nodes of etcd are stopped."
  type        = string

  validation {
    condition     = startswith(var.zone, var.region) && var.zone != var.region
    error_message = "zone lies in region, for example us-east-1b for us-east-1."
  }
}

variable "cluster_name" {
  description = "The cluster whose nodes they are."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name is the name of a cluster, not its ARN."
  }
}

variable "subnet_arns" {
  description = "Private subnets of the region, all three: from one left out the quorum traffic would go on."
  type        = list(string)

  validation {
    condition     = length(var.subnet_arns) == 3
    error_message = "subnet_arns are the private subnets of all three zones: from one left out the quorum traffic would go on."
  }
}

variable "peer_prefix_list_id" {
  description = "Prefix list with the addresses of the other regions."
  type        = string

  validation {
    condition     = startswith(var.peer_prefix_list_id, "pl-")
    error_message = "peer_prefix_list_id is the id of a prefix list, pl-…."
  }
}

variable "stop_alarm_arn" {
  description = "Alarm that ends every experiment at once."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+$", var.stop_alarm_arn))
    error_message = "stop_alarm_arn is the ARN of an alarm of CloudWatch: without one, nothing ends an experiment that does harm."
  }
}

variable "minutes" {
  description = "How long an experiment lasts, in minutes."
  type        = number
  default     = 5

  validation {
    condition     = var.minutes >= 1 && var.minutes <= 30 && floor(var.minutes) == var.minutes
    error_message = "minutes is a whole number from 1 to 30: an experiment is a question, not an outage."
  }
}

variable "replication" {
  description = "The archive whose replication is paused, in the region where it lies: its bucket and the region of the copy."
  type = object({
    bucket_arn     = string
    replica_region = string
  })
  default = null

  validation {
    condition     = var.replication == null ? true : can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.-]+$", var.replication.bucket_arn)) && var.replication.replica_region != var.region
    error_message = "replication has the ARN of a bucket, arn:aws:s3:::<name>, and a region other than this one as that of the copy."
  }
}

variable "kms_key_arns" {
  description = "Keys of the disks of nodes: to start a node again its disk must be opened."
  type        = list(string)

  validation {
    condition     = length(var.kms_key_arns) > 0 && alltrue([for arn in var.kms_key_arns : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "kms_key_arns has at least one ARN of a key, arn:aws:kms:<region>:<account>:key/<id>: a node that was stopped starts again with its disk only."
  }
}

variable "log_kms_key_arn" {
  description = "Key of the log of the experiments."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.log_kms_key_arn))
    error_message = "log_kms_key_arn is the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>: an alias or an id alone is refused by the services that use it."
  }
}
