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
}

variable "zone" {
  description = "The zone whose nodes of etcd are stopped."
  type        = string
}

variable "cluster_name" {
  description = "The cluster whose nodes they are."
  type        = string
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
}

variable "stop_alarm_arn" {
  description = "Alarm that ends every experiment at once."
  type        = string
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
}

variable "kms_key_arns" {
  description = "Keys of the disks of nodes: to start a node again its disk must be opened."
  type        = list(string)
}

variable "log_kms_key_arn" {
  description = "Key of the log of the experiments."
  type        = string
}
